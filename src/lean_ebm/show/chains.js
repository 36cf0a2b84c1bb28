// The page of chains: one slider moves all of them.
const last = Math.max(...trace.samples.flatMap((sample) => sample.draws.map((draw) => draw.steps.length))) - 1;
let playing = null;

const slider = make("input", { type: "range", id: "step", min: 0, max: last, value: last, "aria-label": "step" });
const output = make("output", { for: "step" });
const play = make("button", { type: "button", id: "play" }, "Play");
const cards = make("div", { class: "samples" });
main.append(
  make("h1", {}, `${trace.method}: how ${trace.samples.length} samples come about`),
  make("p", { class: "quiet" }, trace.title),
  make("p", {}, "Move the slider: each picture is a candidate after that many steps of its chain. " +
    "A green frame marks the candidate that is the sample. A red dashed frame marks a step that was undone, since it would have raised the energy. ",
    trace.rule),
  make("div", { class: "bar row" }, play, slider, output),
  cards,
);

const shown = trace.samples.map((sample, index) => {
  const figures = sample.draws.map((draw, each) => {
    const image = make("img", { alt: `${sample.condition}, candidate ${each + 1}` });
    const badge = make("div", { class: "badge" });
    const energy = make("div");
    const caption = make("figcaption", {}, make("div", { class: "name" }, `candidate ${each + 1}${draw.chosen ? ", chosen" : ""}`),
      badge, energy, make("div", {}, `${trace.score} ${number(draw.score)}`), draw.measured ? make("div", {}, draw.measured) : null);
    const figure = make("figure", {}, image, caption);
    return { draw, image, badge, energy, figure };
  });
  const fixed = [["given", sample.given], ["right answer", sample.target]].filter(([, picture]) => picture);
  const plot = make("div", { class: "plot", id: `energy-${index}` });
  cards.append(make("section", { class: "card" }, make("h2", {}, sample.condition),
    make("div", { class: "draws" },
      fixed.map(([name, picture]) => make("figure", {}, make("img", { src: picture, alt: name }), make("figcaption", { class: "name" }, name))),
      figures.map((each) => each.figure)),
    plot));
  return { figures, plot, sample };
});
for (const { plot, sample } of shown) drawEnergies(plot, sample); // the cards have their widths only now
if (!trace.comparable) {
  main.append(make("p", { class: "quiet" }, "A chain visits several landscapes, from the smoothest to the sharpest. Dotted lines separate them: " +
    "energies can be compared within a landscape, and not between landscapes."));
}

function drawEnergies(plot, sample) {
  const lines = sample.draws.map((draw, each) => ({
    name: `candidate ${each + 1}`, mode: "lines", line: { color: palette[each % palette.length], width: draw.chosen ? 3 : 1.5 },
    x: draw.steps.map((step) => step.step), y: draw.steps.map((step) => step.energy),
    text: draw.steps.map((step) => [step.outcome, step.stage].filter(Boolean).join(", ")),
    hovertemplate: "step %{x}: E %{y:.3f} (%{text})<extra>%{fullData.name}</extra>",
  }));
  const undone = sample.draws.flatMap((draw) => draw.steps.filter((step) => step.outcome === "undone"));
  if (undone.length) {
    lines.push({ name: "undone", mode: "markers", x: undone.map((step) => step.step), y: undone.map((step) => step.energy),
      marker: { symbol: "x", size: 7, color: "#b3372f" }, hoverinfo: "skip" });
  }
  const steps = sample.draws[0].steps;
  const borders = steps.filter((step, at) => at > 0 && step.stage && steps[at - 1].stage && step.stage !== steps[at - 1].stage);
  plot.borders = borders.map((step) => ({ type: "line", x0: step.step - 0.5, x1: step.step - 0.5, yref: "paper", y0: 0, y1: 1,
    line: { color: "#c3cad2", width: 1, dash: "dot" } }));
  Plotly.newPlot(plot, lines, {
    height: 220, margin: { l: 52, r: 8, t: 8, b: 62 }, font: { family: "system-ui, sans-serif", size: 12 }, showlegend: true,
    legend: { orientation: "h", y: -0.28 }, xaxis: { title: { text: "step", standoff: 4 }, fixedrange: true, zeroline: false },
    yaxis: { title: { text: "energy" }, fixedrange: true, zeroline: false }, shapes: plot.borders,
  }, plain);
  plot.on("plotly_click", (event) => show(event.points[0].x));
}

function show(step) {
  slider.value = step;
  output.textContent = `step ${step} of ${last}`;
  for (const { figures, plot } of shown) {
    for (const { draw, image, badge, energy, figure } of figures) {
      const at = draw.steps[Math.min(step, draw.steps.length - 1)];
      image.src = at.picture;
      badge.textContent = [at.outcome, at.stage].filter(Boolean).join(", ");
      badge.className = `badge ${at.outcome}`;
      energy.textContent = at.energy === null ? "" : `E ${number(at.energy)}`;
      figure.className = [draw.chosen ? "chosen" : "", at.outcome === "undone" ? "undone" : ""].join(" ");
    }
    Plotly.relayout(plot, { shapes: [...plot.borders, { type: "line", x0: step, x1: step, yref: "paper", y0: 0, y1: 1,
      line: { color: "#1d2733", width: 1.5 } }] });
  }
}

slider.addEventListener("input", () => show(Number(slider.value)));
play.addEventListener("click", () => {
  if (playing) return stop();
  if (Number(slider.value) >= last) slider.value = 0;
  play.textContent = "Stop";
  playing = setInterval(() => {
    const next = Number(slider.value) + 1;
    if (next > last) return stop();
    show(next);
  }, 150);
});
function stop() {
  clearInterval(playing);
  playing = null;
  play.textContent = "Play";
}
show(last);
