"use strict";
// The inbox's page: a list that grows by asking for what is newer, and one message at a time. Everything that a sender wrote
// reaches the document as text, never as markup; a mail's HTML is shown by a frame that may do nothing.

const CHANNELS = { email: "E-mail", whatsapp: "WhatsApp", sms: "SMS", signal: "Sinal" };
const STATES = {
  delivered: ["●", "entregue"],
  unanswered: ["◐", "sem resposta"],
  refused: ["✕", "recusada"],
  cut: ["✂", "interrompida"],
  added: ["◆", "sinal"],
};
const ZONE = "America/Sao_Paulo";
const PAGE = 2000; // entries asked for at a time
const SHOWN = 300; // rows at first, and more with each click
const POLL_MS = 2000;

const byId = (id) => document.getElementById(id);
const state = { entries: [], last: 0, shown: SHOWN, answeredAt: Date.now(), chosen: null, tab: "message", narrow: false };

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// --- time, in the debtor's zone -------------------------------------------------------------------------------------
const dayFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: ZONE, day: "2-digit", month: "2-digit" });
const hourFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });
const fullFormat = new Intl.DateTimeFormat("pt-BR", {
  timeZone: ZONE,
  weekday: "short",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "longOffset",
});
const numberFormat = new Intl.NumberFormat("pt-BR");
const seenAt = (entry) => (entry.virtual_ms === null ? entry.at_ms : entry.virtual_ms);

// --- address: every view has one ------------------------------------------------------------------------------------
function readAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  byId("q").value = parameters.get("q") || "";
  byId("state").value = parameters.get("estado") || "";
  state.channel = parameters.get("canal") || "";
  state.tab = parameters.get("aba") || "message";
  return Number(parameters.get("n")) || null;
}

function writeAddress() {
  const parameters = new URLSearchParams();
  const put = (name, value) => {
    if (value) parameters.set(name, value);
  };
  put("canal", state.channel);
  put("estado", byId("state").value);
  put("q", byId("q").value.trim());
  put("n", state.chosen && String(state.chosen));
  put("aba", state.tab === "message" ? "" : state.tab);
  history.replaceState(null, "", "#" + parameters);
}

// --- the list -------------------------------------------------------------------------------------------------------
const folded = (text) => (text || "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function matches(entry, words) {
  if (state.channel && entry.channel !== state.channel) return false;
  if (byId("state").value && entry.state !== byId("state").value) return false;
  if (!entry.haystack) entry.haystack = folded([entry.to, entry.subject, entry.step, entry.preview, entry.channel].join(" "));
  return words.every((word) => entry.haystack.includes(word));
}

function filtered() {
  const words = folded(byId("q").value).split(/\s+/).filter(Boolean);
  return state.entries.filter((entry) => matches(entry, words));
}

function stateLabel(entry) {
  const [shape, word] = STATES[entry.state] || ["○", entry.state];
  return make(
    "span",
    { class: "state " + entry.state },
    shape + " " + word + (entry.state === "refused" && entry.code ? " " + entry.code : ""),
  );
}

const channelLabel = (name) => make("span", { class: "channel " + name }, CHANNELS[name] || name);

function titleOf(entry) {
  return (
    entry.subject ||
    entry.preview ||
    entry.step ||
    (entry.state === "refused" || entry.state === "cut" ? "(não foi aceita)" : "(sem assunto)")
  );
}

function makeRow(entry) {
  const when = new Date(seenAt(entry));
  const what = make("a", { class: "what", href: "#n=" + entry.n }, titleOf(entry));
  if (entry.step && entry.step !== titleOf(entry)) what.append(make("span", { class: "step" }, " · " + entry.step));
  const row = make(
    "tr",
    { "data-n": entry.n, "aria-selected": String(entry.n === state.chosen), class: entry.fresh ? "fresh" : "" },
    make("td", { class: "when" }, make("b", {}, hourFormat.format(when)), " " + dayFormat.format(when)),
    make("td", {}, channelLabel(entry.channel)),
    make("td", {}, what, make("span", { class: "who" }, entry.to || "–")),
    make("td", {}, stateLabel(entry)),
  );
  entry.fresh = false;
  return row;
}

function showChannels() {
  const counts = new Map();
  for (const entry of state.entries) counts.set(entry.channel, (counts.get(entry.channel) || 0) + 1);
  const names = [...new Set(["email", "whatsapp", "sms", ...counts.keys()])];
  const button = (name, label, count) => {
    const made = make(
      "button",
      { type: "button", "aria-pressed": String(state.channel === name), "data-channel": name },
      label,
      make("b", {}, numberFormat.format(count)),
    );
    made.addEventListener("click", () => {
      state.channel = name;
      state.shown = SHOWN;
      showAll();
    });
    return made;
  };
  const focused = document.activeElement && document.activeElement.dataset && document.activeElement.dataset.channel;
  byId("channels").replaceChildren(
    button("", "Todos", state.entries.length),
    ...names.map((name) => button(name, CHANNELS[name] || name, counts.get(name) || 0)),
  );
  if (focused !== undefined && focused !== null)
    byId("channels")
      .querySelector(`[data-channel="${CSS.escape(focused)}"]`)
      ?.focus();
}

function showList() {
  const found = filtered();
  const rows = [];
  for (let i = found.length - 1; i >= 0 && rows.length < state.shown; i--) rows.push(makeRow(found[i]));
  byId("rows").replaceChildren(...rows);
  byId("more").hidden = found.length <= state.shown;
  byId("empty").hidden = found.length > 0;
  byId("empty").textContent =
    state.entries.length === 0
      ? "Nada chegou ainda. O que os provedores recebem aparece aqui sozinho."
      : "Nenhuma mensagem combina com estes filtros.";
  const bad = state.entries.filter((entry) => entry.state === "refused" || entry.state === "cut").length;
  byId("counts").textContent =
    numberFormat.format(found.length) +
    (found.length === state.entries.length ? "" : " de " + numberFormat.format(state.entries.length)) +
    (state.entries.length === 1 ? " mensagem" : " mensagens") +
    (bad > 0 ? " · " + numberFormat.format(bad) + (bad === 1 ? " recusada" : " recusadas") : "");
}

function showAll() {
  showChannels();
  showList();
  writeAddress();
}

// --- one message ----------------------------------------------------------------------------------------------------
function factsOf(entry) {
  const facts = make("dl", { class: "facts" });
  const put = (name, value, cls) => {
    if (value) facts.append(make("dt", {}, name), make("dd", cls ? { class: cls } : {}, value));
  };
  put("Para", entry.to);
  put("De", entry.from);
  put("Quando", fullFormat.format(new Date(seenAt(entry))));
  if (entry.virtual_ms !== null) put("Chegou de fato", fullFormat.format(new Date(entry.at_ms)));
  put("Canal", channelLabel(entry.channel));
  put("Estado", stateLabel(entry));
  put("Etapa", entry.step);
  put("Pedido", entry.method && entry.method + " " + entry.path, "id");
  put("Id no provedor", entry.provider_id, "id");
  put("Message-ID", entry.message_id, "id");
  put("Idempotency-Key", entry.idempotency_key, "id");
  return facts;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function tableOf(pairs) {
  const table = make("table", { class: "pairs" }, make("caption", { class: "hidden" }, "Conteúdo"));
  for (const [name, member] of pairs)
    table.append(
      make(
        "tr",
        {},
        make("th", { scope: "row" }, name),
        make("td", {}, typeof member === "object" ? JSON.stringify(member, null, 1) : String(member)),
      ),
    );
  return table;
}

function messagePane(entry) {
  if (entry.html)
    return make("iframe", {
      sandbox: "",
      src: "/html/" + entry.n,
      title: "Mensagem como o destinatário a vê",
      referrerpolicy: "no-referrer",
    });
  if (entry.channel === "whatsapp" || entry.channel === "sms") {
    const chat = make("div", { class: "chat" });
    if (entry.channel === "whatsapp" && entry.subject) chat.append(make("p", { class: "template" }, "modelo " + entry.subject));
    chat.append(
      make("div", { class: "bubble" }, entry.text || "(sem texto)", make("time", {}, hourFormat.format(new Date(seenAt(entry))))),
    );
    return chat;
  }
  if (entry.text) return make("pre", { class: "letter" }, entry.text);
  const body = entry.body && parsed(entry.body);
  if (body && typeof body === "object") return tableOf(Object.entries(body));
  return entry.body ? make("pre", {}, entry.body) : make("p", { class: "empty" }, "Não há conteúdo: a mensagem não foi aceita.");
}

async function rawPane(entry) {
  const answer = await fetch("/raw/" + entry.n);
  const text = await answer.text();
  const json = entry.door !== "smtp" && parsed(text);
  return make("pre", {}, json ? JSON.stringify(json, null, 2) : text || "(vazia)");
}

const TABS = {
  message: ["Mensagem", messagePane],
  text: ["Texto", (entry) => make("pre", { class: "letter" }, entry.text || "(sem texto)")],
  headers: [
    "Cabeçalhos",
    (entry) => (entry.headers.length ? tableOf(entry.headers) : make("p", { class: "empty" }, "Sem cabeçalhos.")),
  ],
  raw: ["Original", rawPane],
};

async function showPane(entry) {
  const pane = byId("pane");
  const made = await TABS[state.tab][1](entry);
  if (state.chosen !== entry.n) return; // another was chosen meanwhile
  pane.replaceChildren(made);
  pane.classList.toggle("narrow", state.narrow);
  pane.setAttribute("aria-labelledby", "tab-" + state.tab);
  for (const name of Object.keys(TABS)) {
    const tab = byId("tab-" + name);
    tab.setAttribute("aria-selected", String(name === state.tab));
    tab.tabIndex = name === state.tab ? 0 : -1;
  }
  byId("phone").hidden = !(state.tab === "message" && entry.html);
}

function makeTabs(entry) {
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Vistas da mensagem" });
  const names = Object.keys(TABS);
  for (const name of names) {
    const tab = make("button", { type: "button", role: "tab", id: "tab-" + name, "aria-controls": "pane" }, TABS[name][0]);
    tab.addEventListener("click", () => chooseTab(entry, name));
    tab.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      const next = names[(names.indexOf(name) + step + names.length) % names.length];
      chooseTab(entry, next);
      byId("tab-" + next).focus();
    });
    tabs.append(tab);
  }
  return tabs;
}

function chooseTab(entry, name) {
  state.tab = name;
  writeAddress();
  showPane(entry);
}

async function choose(n) {
  state.chosen = n;
  document.body.classList.toggle("reading", n !== null);
  for (const row of byId("rows").children) row.setAttribute("aria-selected", String(Number(row.dataset.n) === n));
  writeAddress();
  if (n === null) return;
  const answer = await fetch("/entry/" + n);
  if (state.chosen !== n) return;
  if (!answer.ok) {
    byId("detail").replaceChildren(
      backButton(),
      make("p", { class: "empty" }, "Esta mensagem já não está na memória; o arquivo de registro ainda a tem."),
    );
    return;
  }
  const entry = await answer.json();
  if (!TABS[state.tab]) state.tab = "message";
  const phone = make(
    "button",
    { type: "button", class: "phone", id: "phone", "aria-pressed": String(state.narrow) },
    "largura de celular",
  );
  phone.addEventListener("click", () => {
    state.narrow = !state.narrow;
    phone.setAttribute("aria-pressed", String(state.narrow));
    showPane(entry);
  });
  const bar = make("div", { class: "tabbar" }, makeTabs(entry));
  bar.firstChild.after(phone);
  state.entry = entry;
  byId("detail").replaceChildren(
    backButton(),
    make("h2", {}, titleOf({ ...entry, preview: entry.text && entry.text.slice(0, 80) })),
    factsOf(entry),
    bar,
    make("div", { class: "pane", id: "pane", role: "tabpanel", tabindex: "0" }),
  );
  byId("detail").scrollTop = 0;
  showPane(entry);
}

function backButton() {
  const button = make("button", { type: "button", class: "back" }, "← voltar à lista");
  button.addEventListener("click", () => choose(null));
  return button;
}

// --- what is new ----------------------------------------------------------------------------------------------------
async function poll() {
  let more = true;
  while (more) {
    const answer = await fetch(`/inbox.json?short=1&after=${state.last}&limit=${PAGE}`);
    const list = await answer.json();
    if (list.last < state.last) {
      // another inbox answers at this address: start over
      Object.assign(state, { entries: [], last: 0 });
      continue;
    }
    const first = state.entries.length === 0;
    for (const entry of list.entries) {
      entry.fresh = !first;
      state.entries.push(entry);
      state.last = entry.n;
    }
    if (list.first > 1) state.entries = state.entries.filter((entry) => entry.n >= list.first);
    more = list.entries.length === PAGE;
    if (list.entries.length > 0 || first) {
      showChannels();
      showList();
    }
  }
  state.answeredAt = Date.now();
  byId("stale").hidden = true;
}

async function keepPolling() {
  if (!document.hidden) {
    try {
      await poll();
      if (byId("chaos").open) await showFaults();
    } catch {
      byId("stale").textContent =
        `A caixa de entrada não responde há ${Math.round((Date.now() - state.answeredAt) / 1000)} s; o que se vê pode estar velho.`;
      byId("stale").hidden = false;
    }
  }
  setTimeout(keepPolling, POLL_MS);
}

// --- faults ---------------------------------------------------------------------------------------------------------
async function showFaults() {
  const faults = await (await fetch("/control")).json();
  byId("fault-count").textContent = faults.length ? `(${faults.length} em vigor)` : "";
  byId("faults").replaceChildren(
    ...faults.map((fault) => make("li", {}, `${fault.door} ${JSON.stringify(fault.rule)} · ${numberFormat.format(fault.hits)}×`)),
  );
}

function readyFaults() {
  for (const button of document.querySelectorAll("[data-rule]"))
    button.addEventListener("click", async () => {
      await fetch("/control/" + button.dataset.door, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: button.dataset.rule,
      });
      await showFaults();
    });
  byId("heal").addEventListener("click", async () => {
    await fetch("/control", { method: "DELETE" });
    await showFaults();
  });
  byId("chaos").addEventListener("toggle", showFaults);
}

// --- keys -----------------------------------------------------------------------------------------------------------
function move(step) {
  const rows = [...byId("rows").children];
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => Number(row.dataset.n) === state.chosen);
  const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  next.scrollIntoView({ block: "nearest" });
  choose(Number(next.dataset.n));
}

function leaveField(field) {
  if (field.id === "q" && field.value !== "") {
    field.value = "";
    showList();
    writeAddress();
  }
  field.blur();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    if (typing) leaveField(event.target);
    else if (byId("chaos").open) byId("chaos").open = false;
    else choose(null);
    return;
  }
  if (typing) return;
  const tab = Object.keys(TABS)[Number(event.key) - 1];
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/") byId("q").focus();
  else if (event.key === "?") byId("help").showModal();
  else if (tab && state.chosen && state.entry) chooseTab(state.entry, tab);
  else return;
  event.preventDefault();
}

function start() {
  const chosen = readAddress();
  byId("rows").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(Number(row.dataset.n));
  });
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  byId("q").addEventListener("input", () => {
    state.shown = SHOWN;
    showList();
    writeAddress();
  });
  byId("state").addEventListener("change", () => {
    state.shown = SHOWN;
    showList();
    writeAddress();
  });
  byId("more").addEventListener("click", () => {
    state.shown += SHOWN;
    showList();
  });
  addEventListener("hashchange", () => {
    const n = readAddress();
    showAll();
    choose(n);
  });
  document.addEventListener("keydown", onKey);
  readyFaults();
  showChannels();
  keepPolling();
  if (chosen) choose(chosen);
}

start();
