// Many marks at once: a school shut by snow, reasons that were never found, a run of sessions in a pupil's year.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

const number = (text) => Number(text.replace(/,/g, "").match(/\d+/)[0]);

journey("snow closes the school: counted first, closed, opened again for Year 11, and undone", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/registers`);
  await keys.tabTo(page.locator("main").getByRole("link", { name: "Changes of many marks" }), 200);
  await keys.press("Enter");
  await page.waitForURL(/\/many-marks$/);
  await axe(page);
  await keys.tabTo(page.locator("main").getByRole("link", { name: "Unplanned closure" }));
  await keys.press("Enter");
  await page.waitForURL(/\/many-marks\/closure/);
  await axe(page);
  await page.locator("[name=first]").fill("2026-11-25");
  await keys.tabTo(page.locator("[name=reason]"), 80);
  await keys.type("Snow");
  await keys.press("Enter");
  await page.getByRole("heading", { name: /^Change \d/ }).waitFor();
  const summary = await page.locator("main p b").first().innerText();
  assert.match(summary, /over 2 sessions/);
  const marks = number(summary);
  assert.ok(marks > 500, summary);
  await axe(page);

  await keys.tabTo(page.getByRole("button", { name: /^Close the school/ }), 200);
  await keys.press("Enter");
  await page.waitForURL(/\/many-marks\/\d+\?did=made/);
  const closure = new URL(page.url()).pathname;
  assert.equal(number(await page.locator("main h1").innerText().then((text) => text.replace(/^\D*Y\d/, ""))), marks);
  await axe(page);
  await page.goto(`${school.address}/registers?day=2026-11-25&session=am&show=all`);
  await page.locator("main tbody th a").first().click();
  await page.waitForURL(/\/registers\/\d+\//);
  assert.equal((await page.locator("table[role=grid] .c-mark .mk").first().innerText()).trim(), "Y4");

  await page.goto(`${school.address}${closure}/reopen`);
  await axe(page);
  await page.getByLabel("Year 11", { exact: true }).check();
  await page.locator("[name=reason]").fill("Mock examinations in the hall");
  await page.locator("[name=reason]").press("Enter");
  await page.getByRole("heading", { name: /^Change \d/ }).waitFor();
  assert.match(await page.locator("main table").first().innerText(), /Y3/);
  await page.getByRole("button", { name: /^Change/ }).first().click();
  await page.waitForURL(/did=made/);

  // One key undoes it, and the closure after it.
  await page.keyboard.press("Control+z");
  await page.waitForURL(/did=undone/);
  await page.goto(`${school.address}${closure}`);
  await page.keyboard.press("Control+z");
  await page.waitForURL(/did=undone/);
  await page.goto(`${school.address}/year`);
  assert.ok(!(await page.locator("main").innerText()).includes("Snow"), "the calendar is as it was");
});

journey("marks without a reason past their fifth school day become O, when somebody confirms it", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/unexplained`);
  await axe(page);
  const before = await page.locator("main tbody tr").count();
  assert.ok(before > 0, "some N stands");
  const first = page.locator("main tbody input[type=checkbox]").first();
  await first.check();
  const ticked = await page.locator("main tbody input:checked").count();
  await page.getByRole("button", { name: "Propose O for the ticked" }).click();
  await page.getByRole("heading", { name: /^Change \d/ }).waitFor();
  await axe(page);
  await keys.tabTo(page.getByRole("button", { name: /^Change \d/ }), 200);
  await keys.press("Enter");
  await page.waitForURL(/\/many-marks\/\d+\?did=made/);
  await page.goto(`${school.address}/unexplained`);
  assert.equal(await page.locator("main tbody tr").count(), before - ticked);
});

journey("a run of sessions in a pupil's year is changed by keyboard alone, and undone with one key", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/lists/persistent`);
  await page.locator("main tbody th a").first().click();
  await page.waitForURL(/\/pupils\/\d+/);
  const pupil = new URL(page.url()).pathname;
  // The last mark of the year: three sessions back from there.
  const last = page.locator("[data-year] tbody a[href*='2026-11-2']").first();
  const label = await last.getAttribute("aria-label");
  await last.focus();
  await keys.press("Shift+ArrowDown", "Shift+ArrowDown");
  assert.match(await page.locator("[data-span-says]").innerText(), /3 sessions/);
  assert.equal(await page.locator("[data-year] td.here").count(), 3);
  await axe(page);
  await keys.type("g");
  assert.equal(await page.locator("[data-span] [name=code]").inputValue(), "G");
  await keys.tabTo(page.locator("[data-span] [name=reason]"), 4);
  await keys.type("Seen at the airport");
  await keys.press("Enter");
  await page.getByRole("heading", { name: /Change|No mark changes/ }).waitFor();
  await keys.tabTo(page.getByRole("button", { name: /^Change \d/ }), 200);
  await keys.press("Enter");
  await page.waitForURL(/\/pupils\/\d+\?set=\d+/);
  const at = new URL(await last.evaluate((link) => link.href)).pathname;
  assert.match(await page.locator(`[data-year] a[href$="${at.split("/").slice(-2).join("/")}"]`).first().getAttribute("aria-label"), / G /);
  await page.keyboard.press("Control+z");
  await page.waitForURL((url) => url.pathname === pupil && url.searchParams.has("set"));
  assert.equal(await last.getAttribute("aria-label"), label, "what stood before stands again");
});
