"""The scripts that run inside a page: number the controls, mark what nobody can see, ask the browser what is wrong."""

from __future__ import annotations

MARK = """() => {
  const controls = document.querySelectorAll("input, textarea, select, button");
  const width = Math.max(document.documentElement.scrollWidth, innerWidth);
  const height = Math.max(document.documentElement.scrollHeight, innerHeight);
  const seen = (element) => {
    if (element.checkVisibility && !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) {
      return false;
    }
    let box = element.getBoundingClientRect();
    if ((element.type === "checkbox" || element.type === "radio") && element.labels && element.labels.length) {
      box = element.labels[0].getBoundingClientRect();
    }
    const left = box.left + scrollX, top = box.top + scrollY;
    if (box.width < 3 || box.height < 3 || left + box.width <= 0 || top + box.height <= 0) return false;
    if (left >= width || top >= height) return false;
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      const style = getComputedStyle(parent), frame = parent.getBoundingClientRect();
      const cut = style.overflowX === "hidden" || style.overflowY === "hidden";
      if (parseFloat(style.opacity) < 0.05 || (cut && (frame.width < 3 || frame.height < 3))) return false;
    }
    return true;
  };
  controls.forEach((element, number) => {
    element.setAttribute("data-form-mark", String(number));
    if (seen(element)) element.removeAttribute("data-form-unseen");
    else element.setAttribute("data-form-unseen", "");
  });
  document.documentElement.setAttribute("data-form-words", String(document.body ? document.body.innerText.length : 0));
}"""

VALID = """(number) => {
  const form = document.querySelectorAll("form")[number];
  if (!form || form.noValidate || form.checkValidity()) return null;
  const wrong = form.querySelector(":invalid:not(fieldset)");
  return wrong ? (wrong.name || wrong.id || wrong.type) + ": " + wrong.validationMessage : "invalid";
}"""

CHANGED = """() => {
  const before = document.documentElement.getAttribute("data-form-words");
  const text = document.body ? document.body.innerText : "";
  return document.readyState === "complete" && (before === null || Math.abs(text.length - Number(before)) > 15);
}"""
