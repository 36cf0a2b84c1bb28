import pytest
import torch

from lean_ebm.data import Digits
from lean_ebm.data.tensors import IndexedTensors, to_signed_unit


@pytest.fixture(scope="module")
def digits() -> Digits:
    data = Digits(batch_size=50)
    data.setup("fit")
    return data


def test_images_and_labels(digits):
    sizes = {"train": 1397, "val": 200, "test": 200}
    assert {name: len(images) for name, (images, _) in digits.splits.items()} == sizes
    for images, label in digits.splits.values():
        assert images.shape[1:] == (1, 28, 28) and images.dtype == torch.float32
        assert images.min() == -1 and 0.5 < images.max() <= 1
        assert (images[:, :, :4] == -1).all() and (images[..., -4:] == -1).all()  # a 20x20 digit on a canvas
        assert label.dtype == torch.int64 and label.unique().tolist() == list(range(10))


def test_digits_are_the_right_way_up(digits):
    """The mean image of 0 has a hole in the middle, and that of 1 has ink there."""
    images, label = digits.splits["train"]
    zero, one = (images[label == y].mean(dim=0)[0, 12:16, 13:15].mean() for y in (0, 1))
    assert zero < -0.5 < 0 < one


def test_splits_share_no_image(digits):
    rows = [image.numpy().tobytes() for images, _ in digits.splits.values() for image in images]
    assert len(rows) == 1797
    from sklearn.datasets import load_digits

    repeated = len(rows) - len({image.tobytes() for image in load_digits().images})
    assert len(rows) - len(set(rows)) == repeated


def test_split_is_fixed_by_its_seed(digits):
    torch.manual_seed(1234)
    same, other = Digits().load(), Digits(split_seed=1).load()
    assert torch.equal(same["test"][0], digits.splits["test"][0])
    assert not torch.equal(other["test"][0], digits.splits["test"][0])


def test_a_class_held_out_is_in_the_test_split_alone():
    data = Digits(held_out=3)
    data.setup("fit")
    assert {name: 3 in label for name, (_, label) in data.splits.items()} == {
        "train": False,
        "val": False,
        "test": True,
    }
    assert all(len(images) == len(label) for images, label in data.splits.values())
    whole = Digits().load()["train"]
    assert torch.equal(data.splits["train"][0], whole[0][whole[1] != 3])


def test_batches(digits):
    images, label = next(iter(digits.val_dataloader()))
    assert torch.equal(images, digits.splits["val"][0][:50]) and torch.equal(label, digits.splits["val"][1][:50])
    batches = list(digits.train_dataloader())
    assert [len(label) for _, label in batches] == [50] * 27  # the incomplete one is dropped
    assert not torch.equal(batches[0][0], digits.splits["train"][0][:50])  # shuffled
    assert sum(len(label) for _, label in digits.test_dataloader()) == 200


def test_a_batch_equals_its_samples(digits):
    dataset = IndexedTensors(*digits.splits["train"])
    index = [3, 1, 4, 1]
    images, label = dataset.__getitems__(index)
    assert torch.equal(images, torch.stack([dataset[i][0] for i in index]))
    assert torch.equal(label, torch.stack([dataset[i][1] for i in index]))


def test_conditions_to_predict_are_the_classes_in_turn():
    data = Digits(samples_per_class=3, predict_batch_size=8)
    data.setup("predict")
    assert not data.splits  # needs no data
    batches = list(data.predict_dataloader())
    assert [len(batch) for batch in batches] == [8, 8, 8, 6]
    assert torch.cat(batches).tolist() == list(range(10)) * 3
    assert batches[0].dtype == torch.int64


def test_a_batch_larger_than_a_split_is_the_split():
    data = Digits(batch_size=5000)
    data.setup("fit")
    assert len(next(iter(data.train_dataloader()))[1]) == 1397


def test_pixels_become_signed():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    torch.testing.assert_close(to_signed_unit(pixels, 255.0), torch.tensor([-1.0, -0.6, 1.0]))
