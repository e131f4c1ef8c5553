// What makes forms nicer where there is JavaScript; everything works without it. Nothing is calculated here.
"use strict";

const form = document.querySelector("form[data-unit]");

// Another line without a round trip: the template holds an empty one. Returns nothing where there are as many as may be.
function addLine() {
  const lines = document.getElementById("all-lines");
  const numbers = [...lines.children].map((line) => Number(line.id.split(".")[1]));
  const next = Math.max(-1, ...numbers) + 1;
  if (lines.children.length >= Number(lines.dataset.most)) return null;
  const blank = document.getElementById("new-line").innerHTML;
  lines.insertAdjacentHTML("beforeend", blank.replaceAll("__n__", next).replaceAll("__number__", lines.children.length + 1));
  return lines.lastElementChild;
}

document.querySelector("#add-line button")?.addEventListener("click", (event) => {
  const line = addLine();
  if (!line) return;
  event.preventDefault();
  line.querySelector("input:not([type=hidden]), select")?.focus();
});

// Who goes on and comes back finds what was typed: the browser keeps it, for this window only, with its way back.
function putBack(typed) {
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
  for (const [name, text] of typed) {
    const line = Number(/^lines\.(\d+)\./.exec(name)?.[1] ?? -1);
    while (line >= 0 && line >= document.getElementById("all-lines").children.length && addLine());
    const field = form.elements[name];
    if (!field || field.type === "hidden") continue;
    if (field.type === "checkbox") field.checked = true;
    else field.value = text;
    let around = text && form.querySelector(`[name="${name}"]`).closest("details");
    for (; around; around = around.parentElement.closest("details")) around.open = true;
  }
}

const back = form && history.state?.unit === form.dataset.unit;
if (back) putBack(history.state.typed);
form?.addEventListener("change", () => {
  history.replaceState({ unit: form.dataset.unit, typed: [...new FormData(form)] }, "");
});

// Amounts in 万元 are shown in yuan beside the field: digits are moved and grouped, as text.
function inYuan(typed) {
  const plain = typed.normalize("NFKC").trim().replaceAll(",", "");
  const found = /^(\d{1,20})(?:\.(\d{1,6}))?$/.exec(plain);
  if (!found) return "";
  const part = (found[2] ?? "").padEnd(6, "0");
  const whole = (found[1] + part.slice(0, 4)).replace(/^0+(?=\d)/, "");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${part.slice(4)}`;
}

function showYuan(field) {
  const amount = inYuan(field.value);
  let help = field.nextElementSibling;
  if (!help?.classList.contains("in-yuan")) {
    help = document.createElement("output");
    help.className = "in-yuan";
    help.htmlFor = field.id;
    field.after(help);
  }
  help.textContent = amount && form.dataset.inYuan.replace("{amount}", amount);
}

if (form?.dataset.unit === "wan") {
  form.querySelectorAll("[data-amount]").forEach((field) => field.value && showYuan(field));
  form.addEventListener("input", ({ target }) => "amount" in target.dataset && showYuan(target));
}

// The screening sends itself, and puts the new answer into its place.
if (form?.dataset.live) {
  let asked = 0;
  form.addEventListener("change", async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    const place = document.getElementById(form.dataset.live);
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      if (!page.getElementById(place.id)) throw new Error("no answer");
      for (const id of [form.dataset.live, "defects"]) {
        const found = page.getElementById(id);
        found?.querySelectorAll("[autofocus]").forEach((one) => one.removeAttribute("autofocus"));
        if (found) document.getElementById(id).innerHTML = found.innerHTML;
      }
      for (const summary of form.querySelectorAll("details[data-key] > summary")) {
        const key = summary.parentElement.dataset.key;
        const found = page.querySelector(`details[data-key="${key}"] > summary`);
        if (found) summary.innerHTML = found.innerHTML;
      }
      document.querySelector("a[hreflang]").href = page.querySelector("a[hreflang]").getAttribute("href");
    } catch {
      if (mine !== asked) return;
      const told = document.createElement("p"); // rather than an answer to something else
      told.textContent = form.dataset.failed;
      place.replaceChildren(place.querySelector("h2"), told);
    } finally {
      if (mine === asked) place.removeAttribute("aria-busy");
    }
  });
  if (back) form.dispatchEvent(new Event("change"));
}
