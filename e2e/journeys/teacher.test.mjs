// A teacher takes the morning register: by key, by touch, without a network.

import assert from "node:assert/strict";
import { axe, Keys, openPage, signIn, views } from "../harness.mjs";
import { journey } from "../journey.mjs";
import { blanks, history, markOf, openOwnRegister, rowOf, saved } from "../register.mjs";

journey("a teacher opens today's register from sign-in by keyboard alone", {}, async ({ page, keys, school }) => {
  const account = school.accounts.find((one) => one.role === "teacher");
  await page.goto(`${school.address}/sign-in`);
  await axe(page);
  await keys.tabTo(page.getByLabel("Sign-in name"), 3);
  await keys.type(account.name);
  await keys.press("Tab");
  await keys.type("wrong-pass-phrase");
  await keys.press("Enter");
  await page.locator(".errors, [role=alert], .notice").first().waitFor();
  await axe(page);
  await keys.tabTo(page.getByLabel("Password"), 12);
  await page.getByLabel("Password").fill("");
  await keys.type(account.password);
  await keys.press("Enter");
  await page.waitForURL((url) => url.pathname === "/");
  await axe(page);
  keys.reset();
  await keys.press("Enter");
  await page.waitForURL(/\/registers\/\d+\//);
  assert.equal(keys.count, 1, "one key from home to the register");
  page.complaints = page.complaints.filter((complaint) => !/status of 4(01|22|00)/.test(complaint));
});

journey("a teacher takes the register of the tutor group in nine keys", { role: "teacher" }, async ({ page, keys }) => {
  await openOwnRegister(page, keys);
  const left = await blanks(page);
  assert.ok(left > 15, `${left} blank places`);
  // Thirty rows on a 1080p screen, less what the browser's own bars take.
  const first = await rowOf(page, 1).boundingBox();
  assert.ok(first.y + 30 * first.height <= 945, `thirty rows end at ${first.y + 30 * first.height}`);

  // Twice ten rows apart and once within ten: a register of 30 costs no more (grid.js says why).
  keys.reset();
  await keys.type("A4N2N0L");
  assert.ok(keys.count <= 9, `${keys.count} keys`);
  await saved(page);
  assert.equal(await blanks(page), 0);
  assert.equal(await markOf(page, 4), "N");
  assert.equal(await markOf(page, 12), "N");
  assert.equal(await markOf(page, 20), "L");
  assert.match(await rowOf(page, 20).locator(".c-min").innerText(), /^\d+$/, "the clock gives the minutes");
  await axe(page);

  await page.reload();
  assert.equal(await blanks(page), 0);
  assert.equal(await markOf(page, 4), "N");
  assert.equal(await markOf(page, 12), "N");
  assert.equal(await markOf(page, 20), "L");
});

journey("a change is announced, and undone with one key", { role: "teacher" }, async ({ page, keys }) => {
  await openOwnRegister(page, keys);
  const before = await markOf(page, 7);
  await keys.type("7N");
  assert.match(await page.locator("[data-said]").innerText(), /not yet explained, \d+ left/);
  await keys.press("Control+Z");
  assert.match(await page.locator("[data-said]").innerText(), /^Undone/);
  await saved(page);
  await page.reload();
  assert.equal(await markOf(page, 7), before);
});

journey("a code that a teacher may not enter is refused with the reason", { role: "teacher" }, async ({ page, keys }) => {
  await openOwnRegister(page, keys);
  const before = await markOf(page, 6);
  await keys.type("6G");
  const said = await page.locator("[data-said]").innerText();
  assert.match(said, /^G: .{20,}/);
  assert.equal(await markOf(page, 6), before);

  // The same reason stands in the help beside the register, which opens by key.
  const refused = page.locator(".codes summary");
  await keys.tabTo(refused, 20);
  await keys.press("Enter");
  const help = page.locator('.codes dt[data-code="G"] + dd');
  assert.ok((await help.innerText()).includes(said.slice(3)), "the help gives the same reason");
  await axe(page);

  await keys.tabTo(page.locator("main").getByRole("link", { name: "Which code applies" }), 80);
  await keys.press("Enter");
  await page.waitForURL(/\/codes/);
  await keys.type("trip");
  await keys.press("Enter");
  await page.waitForURL(/q=trip/);
  assert.match(await page.locator(".code-help").innerText(), /\bV\b/);
  await axe(page);
});

journey("a teacher takes a register by touch on a phone", { role: "teacher", view: views.phone }, async ({ page }) => {
  await page.locator("main").getByRole("link", { name: /Take the register|Open/ }).first().tap();
  await page.waitForURL(/\/registers\/\d+\//);
  await rowOf(page, 3).getByRole("button", { name: "Absent" }).tap();
  assert.equal(await markOf(page, 3), "N");
  await rowOf(page, 3).getByRole("button", { name: "Present" }).tap();
  assert.equal(await markOf(page, 3), "/");
  const size = await rowOf(page, 3).getByRole("button", { name: "Late" }).boundingBox();
  assert.ok(size.height >= 44 && size.width >= 44, `${size.width} by ${size.height}`);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `${width} px wide`);
  await saved(page);
  await axe(page);
});

journey("without a network the marks wait, and arrive once", { role: "teacher" }, async ({ page, keys, school }) => {
  await openOwnRegister(page, keys);
  const register = new URL(page.url()).pathname;
  const before = (await history(page, school, register)).length;
  await page.goto(`${school.address}${register}`);

  await page.context().setOffline(true);
  await keys.type("8N9N");
  await page.getByText(/No network: 2 marks kept on this device/).waitFor();

  // Signing out says what would be left behind, and Esc stays.
  await page.locator(".menu summary").focus();
  await keys.press("Enter");
  await keys.tabTo(page.getByRole("button", { name: "Sign out" }), 20);
  await keys.press("Enter");
  const warning = page.getByRole("dialog");
  await warning.getByText("Some marks have not reached the school yet").waitFor();
  // Two quick keys travel as one save or as two; both marks are named either way.
  const waiting = [...(await warning.innerText()).matchAll(/: (\d+) marks?/g)].map((found) => Number(found[1]));
  assert.equal(waiting.reduce((sum, number) => sum + number, 0), 2);
  await keys.press("Escape");
  await warning.waitFor({ state: "detached" });

  await page.context().setOffline(false);
  await saved(page);
  const entries = await history(page, school, register);
  assert.equal(entries.length - before, 2, "each mark arrived once");
  page.complaints = page.complaints.filter((complaint) => !complaint.includes("ERR_INTERNET_DISCONNECTED"));
});

/** Sets when the morning register opens and closes, from today on, as the office does in its settings. */
async function setMorning(page, school, opens, closes) {
  await page.goto(`${school.address}/settings`);
  const form = page.locator("section").filter({ has: page.getByRole("heading", { name: "Session times" }) });
  await form.locator("summary").first().press("Enter");
  await form.getByLabel("Morning register opens").fill(opens);
  await form.getByLabel("Morning register closes").fill(closes);
  await form.getByLabel("Morning register closes").press("Enter");
  await page.getByText("The setting is saved.").waitFor();
}

journey("a mark that comes after the register has closed is not taken, and says what to do", { role: "teacher" }, async ({ page, keys, school }) => {
  await openOwnRegister(page, keys);
  const register = new URL(page.url()).pathname;
  const before = await markOf(page, 15);
  const office = await openPage(page.context().browser());
  await signIn(office, school, "attendance manager");
  try {
    // It is after ten to nine. The teacher's page still believes that the register is open until ten past.
    await setMorning(office, school, "08:20", "08:50");
    await keys.type("5L");
    await keys.press("ArrowUp");
    await page.locator("table[role=grid] tr.refused").waitFor();
    const row = page.locator("table[role=grid] tr.refused").first();
    assert.match(await row.locator(".c-note").innerText(), /not taken\. The register closed at 08:50\. .*late after closing, U, which the office enters \(R-023\)/);
    await axe(page);
    await row.locator(".c-mark").press("Enter");
    const choice = page.getByRole("dialog");
    await choice.getByText("You typed").waitFor();
    await choice.getByRole("button", { name: "Leave it as it stands" }).press("Enter");
    await choice.waitFor({ state: "detached" });

    // Opened afresh the register is closed to the teacher, and says so.
    await page.goto(`${school.address}${register}`);
    assert.match(await page.locator("[data-said]").innerText(), /closed at 08:50.*amendments by the office \(R-007\)/);
    assert.equal(await markOf(page, 15), before);
    await axe(page);

    // The office writes what the teacher reports: U, with the reason, and the history has both.
    await office.goto(`${school.address}${register}`);
    const officeKeys = new Keys(office);
    await officeKeys.tabTo(office.locator("[data-reason]"), 40);
    await officeKeys.type("Came at the door after closing");
    await officeKeys.tabTo(office.locator('table[role=grid] [tabindex="0"]').first(), 20);
    await officeKeys.press("Control+Home");
    await officeKeys.type("15U");
    await saved(office);
    assert.equal(await markOf(office, 15), "U");
    const entry = (await history(office, school, register)).find((cells) => cells[5].includes("Came at the door"));
    assert.ok(entry, "the amendment stands in the history with its reason");
    assert.match(entry[2], /U/);
  } finally {
    await setMorning(office, school, "08:40", "09:10");
    await office.context().close();
  }
});
