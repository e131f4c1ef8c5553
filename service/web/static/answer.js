// Makes an answer nicer where there is JavaScript: printing, copying, comparing in place. Everything works without it.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // no clipboard over plain HTTP
    }
    button.textContent = button.dataset.done;
  });
}

let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const one of opened) one.open = true;
});
window.addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-compare]");
  if (!button) return;
  event.preventDefault();
  button.textContent = button.dataset.wait;
  try {
    const answer = await fetch(button.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const readings = page.getElementById("readings");
    document.getElementById("readings").replaceWith(readings);
    readings.querySelector("summary").focus();
  } catch {
    location.href = button.href;
  }
});
