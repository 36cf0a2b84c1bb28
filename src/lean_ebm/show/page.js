"use strict";
// What both pages share. Texts of the trace become text, and never HTML.
const trace = JSON.parse(document.getElementById("trace").textContent);
const main = document.querySelector("main");
const plain = { displaylogo: false, responsive: true, displayModeBar: false };
const palette = ["#2a6fbb", "#d1731c", "#7a4fb5", "#2f8f83", "#b0407f", "#7f7f2a", "#4f6d8a", "#a05a3c"];

function make(kind, attributes = {}, ...children) {
  const element = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

function number(value, digits = 3) {
  return value === null || value === undefined ? "–" : value.toFixed(digits);
}
