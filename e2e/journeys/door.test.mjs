// The late door: who comes late is in the register with a few keys.

import assert from "node:assert/strict";
import { axe, openPage, signIn, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

/** The name of a pupil who is not marked yet, as the list of registers leads to one. */
async function missing(page, school) {
  await page.goto(`${school.address}/registers`);
  const register = await page.locator('main table a[href^="/registers/"]').first().getAttribute("href");
  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  const rows = await page.locator("table[role=grid] tbody tr").evaluateAll((all) =>
    all.filter((row) => row.querySelector(".c-mark .mk").textContent.trim() === "·" && !row.dataset.planned).map((row) => row.querySelector(".c-name").innerText.split("\n")[0].trim()));
  assert.ok(rows.length > 0, "somebody is not marked yet");
  return { register, name: rows[0] };
}

const markBeside = (page, name) => page.locator("table[role=grid] tbody tr").filter({ hasText: name }).locator(".c-mark .mk").innerText();

journey("a late pupil is in the register with the letters of the name and Enter, and the reason is one key", { role: "attendance manager" }, async ({ page, keys, school }) => {
  const { register, name } = await missing(page, school);
  await page.goto(`${school.address}/door`);
  await page.locator("#who").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "who" && document.activeElement.getAttribute("role") === "combobox");
  await axe(page);
  keys.reset();
  // As many letters as it takes until the pupil stands first: three for most names.
  const [surname, forename] = name.toLowerCase().split(", ");
  const typed = `${surname.slice(0, 2)} ${forename}`;
  let letters = 0;
  const first = () => page.locator("#who-found li").first().innerText().catch(() => "");
  while (letters < typed.length && !(letters >= 3 && (await first()).includes(name))) await keys.type(typed[letters++]);
  await keys.press("Enter");
  await page.locator('.last[data-outcome="entered"]').waitFor();
  assert.equal(keys.count, letters + 1);
  assert.ok((await page.locator(".last h2").innerText()).includes(name));
  assert.match(await page.locator(".last").innerText(), /Late (once|\d+ times) this half-term; \d+ counted in 10 school days/);
  await keys.press("1");
  await page.locator('.last button[aria-pressed="true"]').getByText("Overslept").waitFor();
  await page.waitForTimeout(600);
  await axe(page);

  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(page, name)).trim(), "L");
  await page.goto(`${school.address}/door/log`);
  assert.match(await page.locator("main table tbody tr").filter({ hasText: name }).innerText(), /Overslept/);
  await axe(page);

  // Typed for the wrong pupil: taken back with its mark.
  await page.goto(`${school.address}/door`);
  await page.getByRole("button", { name }).click();
  await page.keyboard.press("Control+z");
  await page.getByText(/blank again/).first().waitFor();
  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(page, name)).trim(), "·");
});

journey("who leaves is off the fire list at once and back on it when they return; the mark stays", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/site?show=on-site`);
  const row = page.locator("main table tbody tr").first();
  const name = (await row.locator("th").innerText()).trim();
  await axe(page);
  await row.getByRole("link", { name: "Sign out" }).click();
  await page.getByLabel("Expected back").fill("23:50");
  await page.getByLabel("Somebody else").fill("Grandmother, known to the office");
  await axe(page);
  await page.getByRole("button", { name: "Sign out now" }).click();
  await page.getByText(/The mark in the register stays/).waitFor();
  const out = page.locator("main table tbody tr").filter({ hasText: name });
  assert.match(await out.innerText(), /signed out \d\d:\d\d, expected 23:50, with Grandmother/);
  await out.getByRole("button", { name: "Back now" }).click();
  await page.getByText("Signed in.").waitFor();
  await page.goto(`${school.address}/site/log`);
  assert.equal(await page.locator("main table tbody tr").filter({ hasText: name }).count(), 2);
  await axe(page);
});

/** The number of people who are still to be found, as a phone shows it. */
const missingOn = (phone) => phone.locator(".fire-head [data-missing]").getAttribute("data-missing").then(Number);

journey("after an alarm two phones tick people off, one of them without a network, and come to one count", { role: "teacher", view: views.phone }, async ({ page, school }) => {
  const other = await openPage(page.context().browser(), views.phone);
  await signIn(other, school, "attendance manager");
  for (const phone of [page, other]) {
    await phone.goto(`${school.address}/fire`);
    await phone.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await phone.locator(".fire-head").waitFor();
  }
  await axe(page);
  await other.getByRole("button", { name: "Begin a drill" }).click();
  const all = await missingOn(other);
  assert.ok(all > 50, `${all} to be found`);
  await page.locator(".fire-head [data-missing]").waitFor(); // heard of through the school
  assert.equal(await missingOn(page), all);

  // The teacher's phone loses the network, is opened again, and ticks a form off.
  await page.context().setOffline(true);
  await page.goto(`${school.address}/fire`);
  await page.locator(".fire-head [data-missing]").waitFor();
  const tiles = page.locator(".tiles .tile");
  await tiles.nth(1).click();
  const people = page.locator(".people .person");
  for (let place = 0; place < 3; place += 1) await people.nth(place).click();
  assert.equal(await missingOn(page), all - 3);
  await page.getByText(/No network: 3 ticks are kept on this phone/).waitFor();
  await axe(page);

  // The other ticks two of another form, and one of the same people: the same person counts once.
  await other.locator(".tiles .tile").nth(2).click();
  for (let place = 0; place < 2; place += 1) await other.locator(".people .person").nth(place).click();
  await other.locator(".tiles .tile").nth(1).click();
  await other.locator(".people .person").nth(0).click();
  assert.equal(await missingOn(other), all - 3);

  await page.context().setOffline(false);
  for (const phone of [page, other]) {
    await phone.waitForFunction((wanted) => Number(document.querySelector(".fire-head [data-missing]")?.dataset.missing) === wanted, all - 5);
  }
  await other.getByLabel("Note for the record").fill("Side gate was locked");
  await other.getByRole("button", { name: "End", exact: true }).click();
  await other.waitForTimeout(1_500);
  await other.goto(`${school.address}/fire/drills`);
  const record = await other.locator("main table tbody tr").filter({ hasText: "Side gate was locked" }).filter({ hasText: "not all" }).innerText();
  assert.match(record, /drill/);
  await axe(other);
  await other.goto(`${school.address}/fire/print`);
  await other.getByText("Names in brackets").waitFor();
  page.complaints = page.complaints.filter((complaint) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(complaint));
  await other.context().close();
});
