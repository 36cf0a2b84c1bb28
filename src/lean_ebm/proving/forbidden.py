"""What is refused before anything runs."""


def refuse(text: str) -> str | None:
    """Placeholder."""
    return "it contains sorry" if "sorry" in text else None
