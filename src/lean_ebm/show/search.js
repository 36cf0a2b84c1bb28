// The page of a search: a tree of goals, and what is known of the goal that is chosen.
const goals = new Map(trace.goals.map((goal) => [goal.number, goal]));
const places = trace.layout.goals;
const drawn = trace.goals.filter((goal) => places[goal.number]);
const colors = { proved: "#23803f", dead: "#b3372f", open: "#8793a0" };
const judges = drawn.some((goal) => goal.value !== null);
let chosen = trace.goals[0].number;

const tree = make("div", { id: "tree" });
const panel = make("div", { class: "panel", id: "panel" });
const modes = { V: "V", visits: "visits", state: "state" };
const buttons = Object.keys(modes).map((mode) => make("button", { type: "button", "data-mode": mode,
  disabled: mode === "V" && !judges ? "" : null, onclick: () => color(mode) }, modes[mode]));
const proof = trace.goals.filter((goal) => goal.on_path);

main.append(
  make("h1", { class: "tactic" }, trace.statement),
  make("p", {}, make("span", { class: trace.proved ? "proved name" : "dead name" }, trace.proved ? "Proved" : "Not proved"),
    trace.verdict ? `, ${trace.verdict}` : ""),
  make("p", { class: "quiet" }, trace.costs),
);
if (trace.script) {
  main.append(make("details", { open: "" }, make("summary", { class: "name" }, "The proof"), make("pre", { id: "script" }, trace.script),
    trace.link ? make("a", { class: "link", id: "editor", href: trace.link, target: "_blank", rel: "noopener" }, "Open it in Lean's web editor") : null));
}
main.append(make("h2", {}, "The search"),
  make("p", {}, "A circle is a goal; its number says when it was found. A small diamond is a tactic, and leads to the goals that it left: " +
    "all of them must be proved. Green lines are the proof. Click a circle."));
if (trace.found > drawn.length) {
  main.append(make("p", { class: "quiet" }, `The picture has ${drawn.length} of ${trace.found} goals: those of the proof, and the others that are nearest to the first.`));
}
if (proof.length) {
  main.append(make("ol", { class: "path", "aria-label": "the steps of the proof" }, proof.map((goal) => {
    const tactic = goal.tactics.find((each) => each.outcome === "proof");
    return make("li", {}, make("button", { type: "button", "data-goal": goal.number, onclick: () => choose(goal.number) },
      `${goal.number}: ${tactic ? tactic.text : "?"}`));
  })));
}
main.append(make("div", { class: "search" },
  make("div", {}, make("div", { class: "row" }, "Color by ", buttons), make("div", { class: "scroll" }, tree)), panel));
drawTree();
color(judges ? "V" : "visits");
choose(chosen);

function at(goal) {
  return [places[goal][0], -places[goal][1]];
}

function lines(edges, look) {
  const x = [], y = [];
  for (const edge of edges) {
    const [left, top] = at(edge.above);
    x.push(left, edge.column, null);
    y.push(top, -edge.row, null);
    for (const below of edge.below) {
      const [right, bottom] = at(below);
      x.push(edge.column, right, null);
      y.push(-edge.row, bottom, null);
    }
  }
  return { mode: "lines", x, y, line: look, hoverinfo: "skip", showlegend: false };
}

function drawTree() {
  const { edges, columns, rows } = trace.layout;
  const room = tree.parentElement.clientWidth - 2;
  const width = Math.max(room, 70 + 34 * columns);
  const height = Math.max(300, 80 + 66 * rows);
  const others = edges.filter((edge) => !edge.proof);
  const found = edges.filter((edge) => edge.proof);
  const circles = {
    mode: "markers+text", x: drawn.map((goal) => at(goal.number)[0]), y: drawn.map((goal) => at(goal.number)[1]),
    customdata: drawn.map((goal) => goal.number), text: drawn.map((goal) => String(goal.number)), textfont: { size: 9, color: "#fff" },
    hovertext: drawn.map((goal) => `${escaped(goal.text)}<br>V ${number(goal.value, 2)}, ${goal.visits} tactics tried, ${goal.state}`),
    hoverinfo: "text", showlegend: false,
    marker: { size: 20, opacity: 1, line: { width: drawn.map((goal) => (goal.on_path ? 2.5 : 0.5)), color: drawn.map((goal) => (goal.on_path ? "#23803f" : "#fff")) } },
  };
  const diamonds = {
    mode: "markers", x: edges.map((edge) => edge.column), y: edges.map((edge) => -edge.row), hovertext: edges.map((edge) => escaped(edge.text)),
    hoverinfo: "text", showlegend: false,
    marker: { symbol: "diamond", size: 7, color: edges.map((edge) => (edge.proof ? "#23803f" : "#aab4bf")) },
  };
  Plotly.newPlot(tree, [lines(others, { color: "#cfd6dd", width: 1 }), lines(found, { color: "#23803f", width: 2.5 }), diamonds, circles], {
    width, height, margin: { l: 16, r: 16, t: 16, b: 16 }, hovermode: "closest", dragmode: false, font: { family: "system-ui, sans-serif", size: 12 },
    hoverlabel: { align: "left", bgcolor: "#fff", font: { family: "ui-monospace, monospace", size: 12 } },
    xaxis: { visible: false, fixedrange: true, range: [-0.3, columns + 0.3] }, yaxis: { visible: false, fixedrange: true, range: [0.5 - rows - 0.2, 0.6] },
  }, { displaylogo: false, displayModeBar: false });
  tree.on("plotly_click", (event) => {
    const goal = event.points[0].customdata;
    if (goal !== undefined) choose(goal);
  });
  const [left] = at(chosen);
  tree.parentElement.scrollLeft = (left / Math.max(columns, 1)) * width - room / 2;
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/\n/g, "<br>");
}

function color(mode) {
  const scale = mode !== "state";
  const values = drawn.map((goal) => (mode === "V" ? goal.value : mode === "visits" ? goal.visits : colors[goal.state]));
  Plotly.restyle(tree, {
    "marker.color": [values], "marker.showscale": [scale], "marker.colorscale": [[[0, "#1b4f8a"], [0.5, "#7a4fb5"], [1, "#c9702b"]]],
    "marker.colorbar": [{ title: { text: mode }, thickness: 10, len: Math.min(1, 260 / tree.clientHeight), y: 1, yanchor: "top" }],
  }, [3]);
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
}

function choose(goal) {
  chosen = goal;
  const { text, value, visits, state, tactics, listed, chains } = goals.get(goal);
  const energies = tactics.some((tactic) => tactic.energy !== null);
  const words = { proof: "proof", tried: "tried", same: "as another", failed: "failed", untried: "not tried" };
  const rows = tactics.map((tactic) => make("tr", { class: tactic.outcome },
    make("td", { class: "tactic" }, tactic.text), energies ? make("td", { class: "number" }, number(tactic.energy)) : null,
    make("td", { class: "number" }, number(tactic.probability)),
    make("td", {}, make("span", { class: "whole" }, words[tactic.outcome]), tactic.goals.map((below) =>
      make("button", { type: "button", onclick: () => choose(below) }, String(below))))));
  panel.replaceChildren(
    make("h2", {}, `Goal ${goal}`),
    make("p", { class: "quiet" }, make("span", { class: `${state} name` }, state), `, V ${number(value, 2)}, ${visits} of ${listed} tactics tried`),
    make("pre", { id: "goal" }, text),
    chains ? chainView(chains) : "",
    make("h2", {}, "Tactics"),
    make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "tactic"), energies ? make("th", { class: "number" }, "E") : null,
      make("th", { class: "number" }, "p"), make("th", {}, "result"))), make("tbody", {}, rows)),
    listed > tactics.length ? make("p", { class: "quiet" }, `and ${listed - tactics.length} less probable tactics`) : "",
  );
  if (chains) drawChains(chains);
  for (const button of document.querySelectorAll("ol.path button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.goal) === goal));
  }
  const at3 = drawn.findIndex((each) => each.number === goal);
  Plotly.restyle(tree, { "marker.size": [drawn.map((each, index) => (index === at3 ? 28 : 20))] }, [3]);
}

function chainView(chains) {
  const end = chains.energies[0].length - 1;
  const slider = make("input", { type: "range", id: "chain-step", min: 0, max: end, value: end, "aria-label": "step of the chains",
    oninput: (event) => decode(chains, Number(event.target.value)) });
  return make("div", {}, make("h2", {}, "Chains of the guide"),
    make("p", { class: "quiet" }, "Each line is the energy of one chain. Below: which tactic is nearest to each chain at a step."),
    make("div", { class: "plot", id: "chain-plot" }), make("div", { class: "row" }, slider, make("output", { id: "chain-output" })),
    make("table", {}, make("tbody", { id: "decoded" })));
}

function drawChains(chains) {
  Plotly.newPlot("chain-plot", chains.energies.map((energies, each) => ({
    name: `chain ${each + 1}`, mode: "lines", y: energies, line: { color: palette[each % palette.length], width: 1.5 }, text: chains.nearest[each],
    hovertemplate: "step %{x}: E %{y:.3f}<br>%{text}<extra></extra>",
  })), { height: 200, margin: { l: 46, r: 8, t: 6, b: 36 }, showlegend: false, font: { family: "system-ui, sans-serif", size: 12 },
    xaxis: { title: { text: "step", standoff: 2 }, fixedrange: true, zeroline: false }, yaxis: { title: { text: "energy" }, fixedrange: true } }, plain);
  decode(chains, chains.energies[0].length - 1);
}

function decode(chains, step) {
  document.getElementById("chain-output").textContent = `step ${step}`;
  document.getElementById("decoded").replaceChildren(...chains.nearest.map((texts, each) => make("tr", {},
    make("td", { style: `color: ${palette[each % palette.length]}` }, `chain ${each + 1}`), make("td", { class: "tactic" }, texts[step]),
    make("td", { class: "number" }, `E ${number(chains.decoded[each][step])}`))));
}
