// A pupil who joins in the middle of a year: entered, in the right registers from the right day, marked with a sub-code, and moved with the
// effect shown first.

import assert from "node:assert/strict";
import { axe, today } from "../harness.mjs";
import { journey } from "../journey.mjs";
import { saved } from "../register.mjs";

const role = "attendance manager";

/** Types a date into a date field as the keyboard does: day, month, year. */
async function typeDate(keys, locator, date) {
  await keys.tabTo(locator, 120);
  // In which order a browser asks for day and month is the reader's own.
  await locator.fill(date);
}

/** Types letters into a select until it shows the wanted answer. */
async function choose(keys, locator, label) {
  await keys.tabTo(locator, 120);
  await keys.type(label);
}

let pupil;
let register;

journey("a pupil joins by the form, and stands in today's register and in none before", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/registers?day=${today}&session=pm&show=all`);
  const first = page.locator("main tbody th a").first();
  register = new URL(await first.getAttribute("href"), school.address).pathname;
  await page.goto(`${school.address}${register}`);
  const group = (await page.locator("h1").innerText()).split(/\s/)[0];
  await page.goto(`${school.address}/pupils`);
  await keys.tabTo(page.locator("main").getByRole("link", { name: /new pupil|add/i }).first(), 60);
  await keys.press("Enter");
  await page.waitForURL(/\/pupils\/new/);
  await axe(page);
  const field = (name) => page.locator(`main [name=${name}]`).first();
  await keys.tabTo(field("legal_surname"), 60);
  await keys.type("Aardvark");
  await keys.tabTo(field("legal_forename"));
  await keys.type("Quill");
  await choose(keys, field("sex"), "F");
  await typeDate(keys, field("birth_day"), "2013-05-01");
  await keys.tabTo(field("line_1"), 40);
  await keys.type("2 Sample Road");
  await keys.tabTo(field("town"), 40);
  await keys.type("Sampleton");
  await keys.tabTo(field("agreed_with"), 60);
  await keys.type("the mother");
  await keys.tabTo(field("last_school"), 40);
  await keys.type("Example School");
  await keys.tabTo(field("last_school_address"), 40);
  await keys.type("1 High Street");
  await choose(keys, field("tutor"), group);
  await keys.tabTo(page.getByRole("button", { name: "Enter in the admission register" }), 20);
  await keys.press("Enter");
  await page.waitForURL(/\/pupils\/\d+/);
  pupil = new URL(page.url()).pathname.match(/\/pupils\/\d+/)[0];

  await page.goto(`${school.address}${register}`);
  const row = page.locator("table[role=grid] tbody tr", { hasText: "Aardvark" });
  await row.waitFor();
  assert.match(await row.innerText(), /first day/);
  await axe(page);
  const before = register.replace(today, "2026-11-23");
  await page.goto(`${school.address}${before}`);
  assert.equal(await page.locator("table tbody tr", { hasText: "Aardvark" }).count(), 0, "not on roll the day before");
});

journey("the joiner is marked by keyboard with a sub-code, and figures count from the starting day", { role }, async ({ page, keys, school }) => {
  const morning = register.replace(/pm$/i, "am");
  await page.goto(`${school.address}${morning}`);
  const row = page.locator("table[role=grid] tbody tr", { hasText: "Aardvark" });
  await row.locator(".c-mark").focus();
  await keys.press("i");
  // The closed register asks for a reason once.
  const why = page.locator("dialog[open] input[name=why]");
  const marked = row.locator(".c-mark", { hasText: "I" });
  await why.or(marked).first().waitFor();
  if (await why.isVisible()) {
    await keys.type("told by the mother");
    await keys.press("Enter");
  }
  await marked.waitFor();
  await keys.press(".");
  await page.getByRole("dialog", { name: "Sub-code" }).waitFor();
  await axe(page);
  await keys.press("2");
  await row.getByText("stomach").waitFor();
  await saved(page);
  await page.reload();
  await row.getByText("stomach").waitFor();

  await page.goto(`${school.address}/sub-codes?by=mark&from=${today}&to=${today}`);
  await axe(page);
  assert.match(await page.locator("main").innerText(), /Aardvark/);
  await page.goto(`${school.address}${pupil}`);
  assert.match(await page.locator("main").innerText(), /0(\.0)?%|0 of 1|1 session/, "one session counts and no other");
});

journey("a starting day is put right with its effect on every figure shown first", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}${pupil}/record`);
  await keys.tabTo(page.getByRole("link", { name: "Amend this time on roll" }).first(), 80);
  await keys.press("Enter");
  await page.waitForURL(/\/times\/\d+/);
  const day = page.locator("main [name=starting_day]");
  await typeDate(keys, day, "2026-11-23");
  await keys.tabTo(page.locator("main [name=reason]"), 60);
  await keys.type("agreed for Monday");
  await keys.press("Enter");
  await page.getByRole("heading", { name: /^Move the starting day/ }).waitFor();
  await axe(page);
  const effect = await page.locator("main").innerText();
  assert.match(effect, /2 sessions up to today become due; 2 of them have no mark/);
  assert.match(effect, /Sessions without a mark/);
  assert.match(effect, /School: attendance/);
  await keys.tabTo(page.getByRole("button", { name: "Move the starting day" }), 40);
  await keys.press("Enter");
  await page.waitForURL(/\/record/);
  const before = register.replace(today, "2026-11-23");
  await page.goto(`${school.address}${before}`);
  await page.locator("table tbody tr", { hasText: "Aardvark" }).waitFor();
});
