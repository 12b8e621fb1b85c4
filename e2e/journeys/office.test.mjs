// The attendance office between ten to nine and noon: missing registers, amendments, figures, lists, finding a pupil.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { readCsv } from "../files.mjs";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";
import { blanks, history, markOf, rowOf, saved } from "../register.mjs";

const role = "attendance manager";

journey("the office takes a missing register on a teacher's behalf", { role }, async ({ page, keys, school }) => {
  const missing = page.locator("main table").first().locator("tbody th a");
  const before = await missing.count();
  assert.ok(before >= 2, "registers that are not in stand on the first page");
  await axe(page);

  await keys.tabTo(missing.last());
  await keys.press("Enter");
  await page.waitForURL(/\/registers\/\d+\//);
  const register = new URL(page.url()).pathname;
  const teacher = await page.locator("[data-behalf]").inputValue();
  assert.ok(teacher.length > 3, "the register names the teacher for whom it is taken");
  await keys.type("A3I");
  await saved(page);
  assert.equal(await blanks(page), 0);
  assert.equal(await markOf(page, 3), "I", "the office may enter the reason itself");
  await axe(page);

  await page.reload();
  const taken = await page.locator("[data-saved]").innerText();
  assert.match(taken, /Fenwick/, "it says who took it");
  assert.ok(taken.includes(teacher), `and for whom: ${taken}`);
  assert.ok((await history(page, school, register)).every((cells) => cells[7].includes("Fenwick")));
  await axe(page);
  await page.goto(school.address);
  assert.equal(await missing.count(), before - 1, "it is no longer missing");
});

journey("yesterday's mark is amended with a reason, and the figure and its why follow", { role }, async ({ page, keys, school }) => {
  // A pupil who was there yesterday.
  await page.goto(`${school.address}/registers?day=2026-11-23&session=am&show=all`);
  await keys.tabTo(page.locator("main tbody th a").first());
  await keys.press("Enter");
  await page.waitForURL(/\/registers\/\d+\/2026-11-23\/am/);
  const register = new URL(page.url()).pathname;
  let number = 1;
  while ((await markOf(page, number)) !== "/") number += 1;
  const name = (await rowOf(page, number).locator(".c-name").innerText()).trim();
  const pupil = await rowOf(page, number).locator(".c-name a").getAttribute("href");

  const figureOf = async () => {
    await page.goto(`${school.address}${pupil}`);
    return page.locator("main .figure").first().innerText();
  };
  const before = await figureOf();
  await page.goto(`${school.address}${register}`);
  await keys.tabTo(page.locator("[data-reason]"), 40);
  await keys.type("Left before the bell, seen on camera");
  await keys.tabTo(page.locator('table[role=grid] [tabindex="0"]').first(), 20);
  await keys.press("Control+Home");
  for (let row = 1; row < number; row += 1) await keys.press("ArrowDown");
  await keys.type("O");
  await saved(page);
  assert.equal(await markOf(page, number), "O");
  await axe(page);

  const entry = (await history(page, school, register)).find((cells) => cells[0].includes(name) && cells[5].includes("camera"));
  assert.ok(entry, "the amendment stands in the history");
  assert.match(entry[1], /\//, "with what stood before");
  assert.match(entry[2], /O/);
  assert.match(entry[7], /Fenwick/);
  assert.match(entry[8], /[Aa]ttendance/, "and the job title of then");

  const after = await figureOf();
  assert.notEqual(after, before, "the figure has changed at once");
  await axe(page);

  // Why: the drawer lists the session, opened by key and closed by Esc.
  await keys.tabTo(page.locator("main .figure a").first());
  await keys.press("Enter");
  const drawer = page.getByRole("dialog");
  await drawer.locator("h1").first().waitFor();
  const unauthorised = drawer.locator("details").filter({ has: page.locator("summary", { hasText: /unauthorised/i }) }).first();
  if ((await unauthorised.getAttribute("open")) === null) await unauthorised.locator("summary").press("Enter");
  assert.match(await unauthorised.innerText(), /23 Nov/);
  await axe(page);
  await keys.press("Escape");
  await drawer.waitFor({ state: "detached" });
});

journey("the persistent-absence list sorts, filters, and its file says what the screen says", { role }, async ({ page, keys }) => {
  await keys.tabTo(page.locator("main").getByRole("link", { name: /persistent absence/ }), 80);
  await keys.press("Enter");
  await page.waitForURL(/\/lists\/persistent/);
  const names = () => page.locator("main tbody th").allInnerTexts();
  const worstFirst = await names();
  assert.ok(worstFirst.length > 20, `${worstFirst.length} pupils`);
  await axe(page);

  await keys.tabTo(page.locator("thead").getByRole("link", { name: "Pupil" }), 80);
  await keys.press("Enter");
  await page.waitForURL(/sort=name/);
  const byName = await names();
  const order = new Intl.Collator("en-GB");
  const surnameFirst = (a, b) => order.compare(a.split(",")[0], b.split(",")[0]) || order.compare(a, b);
  assert.deepEqual(byName, [...worstFirst].sort(surnameFirst), "sorted by name");

  await keys.tabTo(page.locator("main").getByLabel("Group"), 60);
  await keys.type("Year 11");
  await keys.tabTo(page.locator("main form").getByRole("button", { name: "Show" }), 20);
  await keys.press("Enter");
  await page.waitForURL((url) => Boolean(url.searchParams.get("group")));
  const rows = await page.locator("main tbody tr").evaluateAll((lines) => lines.map((line) => [...line.cells].map((cell) => cell.innerText.trim())));
  assert.ok(rows.length > 0 && rows.length < byName.length, `${rows.length} of ${byName.length}`);

  const download = page.waitForEvent("download");
  await keys.tabTo(page.locator("main").getByRole("button", { name: "CSV" }), 400);
  await keys.press("Enter");
  const arrived = await download;
  assert.match(arrived.suggestedFilename(), /2026-11-24.*\.csv$/);
  const sheet = readCsv(await readFile(await arrived.path(), "utf8"));
  // What stands above the headings says what the list goes by; the rows are the screen's.
  const head = sheet.findIndex((cells) => cells.includes("Pupil"));
  const inFile = sheet.slice(head + 1, head + 1 + rows.length);
  const name = sheet[head].indexOf("Pupil");
  assert.deepEqual(inFile.map((cells) => cells[name]), rows.map((cells) => cells[0]), "the same pupils in the same order");
  const percent = sheet[head].findIndex((heading) => heading.startsWith("Attendance"));
  const column = await page.locator("thead th").evaluateAll((cells) => cells.findIndex((cell) => cell.innerText.startsWith("Attendance")));
  assert.deepEqual(inFile.map((cells) => Number(cells[percent]).toFixed(1)), rows.map((cells) => cells[column]), "the same figures");
});

journey("a pupil is found by typing four letters", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/lists/persistent`);
  const name = (await page.locator("main tbody th").nth(2).innerText()).trim();
  await page.goto(school.address);
  keys.reset();
  await keys.press("Control+K");
  await keys.type(name.slice(0, 4).toLowerCase());
  const options = page.locator("#find-results [role=option]");
  await options.first().waitFor();
  const place = (await options.allInnerTexts()).findIndex((text) => text.startsWith(name));
  assert.ok(place >= 0, `${name} is offered`);
  for (let step = 0; step < place; step += 1) await keys.press("ArrowDown");
  await keys.press("Enter");
  await page.waitForURL(/\/pupils\/\d+/);
  assert.ok((await page.locator("h1").innerText()).includes(name.split(",")[0]));
  assert.ok(keys.count <= 12, `${keys.count} keys`);

  // Every part of a pupil's page by key.
  for (const tab of ["Contacts", "Record", "Amendments"]) {
    await keys.tabTo(page.locator(".tabs").getByRole("link", { name: tab }), 60);
    await keys.press("Enter");
    await page.waitForURL(new RegExp(`/${tab.toLowerCase()}$`));
  }
});

journey("why opens beside the page by key, and closing it leads back to where one was", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/lists/persistent`);
  // A figure in the middle of the list: the page has scrolled to it.
  const figure = page.locator("main tbody tr").nth(12).locator("a[data-drawer]").first();
  await keys.tabTo(figure, 250);
  const scrolled = await page.evaluate(() => scrollY);
  await keys.press("Enter");
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => scrollY), scrolled, "the page stays where it is");
  assert.ok(await drawer.evaluate((panel) => panel.contains(document.activeElement)), "the focus is in the drawer");
  await axe(page);

  // From there to one session: what it means, and every entry ever made for it.
  const session = drawer.locator('a[href^="/why/"]').first();
  await keys.tabTo(session, 60);
  await keys.press("Escape");
  await drawer.waitFor({ state: "detached" });
  assert.ok(await figure.evaluate((link) => link === document.activeElement), "the focus is back on the figure");
  assert.equal(await page.evaluate(() => scrollY), scrolled);

  // A cell of the year opens the same way, and arrows move among cells.
  await page.goto(`${school.address}${await page.locator("main tbody th a").first().getAttribute("href")}`);
  const cell = page.locator("[data-year] tbody a").first();
  await keys.tabTo(cell, 60);
  await keys.press("ArrowDown");
  const next = await page.evaluate(() => document.activeElement.getAttribute("href"));
  assert.notEqual(next, await cell.getAttribute("href"), "an arrow goes to the next session");
  await keys.press("Enter");
  await drawer.getByRole("heading", { name: "Every entry for it" }).waitFor();
  assert.ok((await drawer.locator(".entries li").count()) > 0);
  await axe(page);
  await keys.press("Escape");
  await drawer.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), next);
});
