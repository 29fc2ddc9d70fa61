"use strict";
(() => {
  const list = document.getElementById("list");
  if (!list) return;
  const at = (id) => document.getElementById(id);
  const controls = at("controls");
  const search = at("search");
  const sort = at("sort");
  const count = at("count");
  const selects = ["rule", "contract", "standing"].map(at).filter(Boolean);
  const boxes = [...controls.querySelectorAll("input[name=severity]")];
  const items = [...list.children].map((element, order) => {
    const details = element.firstElementChild;
    return {
      element,
      details,
      order,
      summary: details.firstElementChild,
      entity: details.querySelector(".who").textContent,
      amount: Number(element.dataset.amount),
      text: null,
    };
  });
  let shown = items;
  let sorted = items;

  const matches = (item, severities, words) => {
    const data = item.element.dataset;
    if (!severities.has(data.severity)) return false;
    if (selects.some((select) => select.value !== "" && select.value !== (data[select.id] ?? ""))) return false;
    if (words.length === 0) return true;
    item.text ??= item.element.textContent.toLowerCase();
    return words.every((word) => item.text.includes(word));
  };

  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

  const filter = () => {
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    for (const item of sorted) {
      const isShown = matches(item, severities, words);
      if (item.element.hidden === isShown) item.element.hidden = !isShown;
      if (isShown) shown.push(item);
    }
    const all = `${number(items.length)} finding${items.length === 1 ? "" : "s"}`;
    count.textContent = shown.length === items.length ? all : `${number(shown.length)} of ${all}`;
    labelOpen();
  };

  const compare = {
    order: (one, other) => one.order - other.order,
    amount: (one, other) => other.amount - one.amount || one.order - other.order,
    entity: (one, other) => (one.entity < other.entity ? -1 : one.entity > other.entity ? 1 : one.order - other.order),
    rule: (one, other) => {
      const [a, b] = [one.element.dataset.rule, other.element.dataset.rule];
      return a < b ? -1 : a > b ? 1 : one.order - other.order;
    },
  };

  const arrange = () => {
    sorted = [...items].sort(compare[sort.value] ?? compare.order);
    list.append(...sorted.map((item) => item.element));
    filter();
  };

  const areOpen = () => shown.length > 0 && shown.every((item) => item.details.open);

  const labelOpen = () => {
    at("open").textContent = areOpen() ? "Close all" : "Open all";
  };

  const clear = () => {
    search.value = "";
    for (const box of boxes) box.checked = true;
    for (const select of selects) select.value = "";
    filter();
  };

  const step = (by) => {
    if (shown.length === 0) return;
    const now = shown.findIndex((item) => item.element.contains(document.activeElement));
    const next = now < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(now + by, 0), shown.length - 1);
    shown[next].summary.focus();
    shown[next].summary.scrollIntoView({ block: "nearest" });
  };

  const escape = () => {
    if (document.activeElement === search) {
      search.value = "";
      filter();
      search.blur();
      return;
    }
    const item = shown.find((one) => one.element.contains(document.activeElement));
    if (item) {
      item.details.open = false;
      item.summary.focus();
    }
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, items.length > 500 ? 120 : 0);
  });
  for (const control of [...boxes, ...selects]) control.addEventListener("change", filter);
  sort.addEventListener("change", arrange);
  at("clear").addEventListener("click", clear);
  at("open").addEventListener("click", () => {
    const open = at("open").textContent === "Open all";
    for (const item of shown) item.details.open = open;
    labelOpen();
  });
  for (const link of document.querySelectorAll("[data-only-rule]")) {
    link.addEventListener("click", () => {
      clear();
      at("rule").value = link.dataset.onlyRule;
      filter();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      escape();
      return;
    }
    if (event.target instanceof Element && event.target.closest("input, select, textarea")) return;
    if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "j") {
      step(1);
    } else if (event.key === "k") {
      step(-1);
    }
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = shown.filter((item) => !item.details.open);
    for (const item of closed) item.details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of closed) item.details.open = false;
  });
  controls.hidden = false;
  filter();
})();
