// The morning board at ten to nine: asking for registers, ringing homes, two callers at once. Keys are counted against the targets of the work.

import assert from "node:assert/strict";
import { axe, openPage, signIn, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";
const rows = (page) => page.locator("tr[data-row]");
const openRow = (page) => page.locator("[data-part=row]");

journey("registers that are not in are seen without a key and asked for with one", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.locator(".overdue li").first().waitFor();
  keys.reset();
  assert.ok((await page.locator(".overdue li").count()) >= 2, "they stand there");
  await axe(page);
  await keys.press("r");
  await page.locator("[data-said]", { hasText: "were asked for" }).waitFor();
  assert.equal(keys.count, 1, "one key asks for all");
  const asked = await page.locator(".overdue li", { hasText: "the teacher asked" }).count();
  assert.equal(asked, await page.locator(".overdue li").count());
  // It stands on the register at once, for whoever opens it.
  await page.locator(".overdue li > a").first().click();
  await page.locator(".notice", { hasText: "This register was asked for at" }).waitFor();
});

journey("a call is logged, the code set and the next row opened in four keys", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/morning`);
  await rows(page).first().waitFor();
  assert.ok((await rows(page).count()) >= 5, "some children are not located");
  await axe(page);
  // A row whose case the office may close, and that nobody else has in hand.
  const free = rows(page).filter({ hasText: "no call yet" }).filter({ hasNotText: "until" }).first();
  const name = (await free.locator("th a").innerText()).trim();
  const before = await rows(page).count();
  await free.locator("th a").focus();
  await keys.press("Enter");
  await openRow(page).waitFor();
  await axe(page);
  const opened = await openRow(page).getAttribute("data-open");
  keys.reset();
  await keys.type("1I");
  await keys.press("Enter");
  await page.locator("[data-said]", { hasText: "the code is in the register" }).waitFor();
  assert.ok(keys.count <= 4, `${keys.count} keys`);
  assert.equal(await rows(page).count(), before - 1, "the child is located");
  assert.equal(await rows(page).filter({ hasText: name }).count(), 0);
  const next = await openRow(page).getAttribute("data-open");
  assert.ok(next && next !== opened, "the next row is open");

  // The next home does not answer: two keys, and the row stays with what was tried.
  keys.reset();
  await keys.press("3", "Enter");
  await page.locator(`tr[data-row="${next}"]`, { hasText: "no answer" }).waitFor();
  assert.equal(keys.count, 2);
});

journey("two callers see each other's claim within a second", { role }, async ({ page, keys, school }) => {
  const other = await openPage(page.context().browser(), views.light);
  try {
    await signIn(other, school, "attendance administrator");
    await other.goto(`${school.address}/morning`);
    await rows(other).first().waitFor();
    await page.goto(`${school.address}/morning`);
    await rows(page).first().waitFor();
    const free = rows(page).filter({ hasNotText: "until" }).first();
    const child = await free.getAttribute("data-row");
    await free.locator("th a").focus();
    await keys.press("Enter");
    await openRow(page).waitFor();
    // Both listen before anything moves.
    await other.waitForTimeout(1500);
    const seen = other.locator(`tr[data-row="${child}"]`, { hasText: "until" }).waitFor({ timeout: 5000 });
    await keys.press("c");
    const pressed = Date.now();
    await seen;
    const took = Date.now() - pressed;
    assert.ok(took < 1000, `the other board showed it after ${took} ms`);
    // The other caller presses the same key on the same home and is told who has it.
    await other.goto(`${school.address}/morning?row=${child}`);
    assert.match(await openRow(other).innerText(), /is ringing this home/);
    assert.deepEqual(other.complaints, []);
  } finally {
    await other.context().close();
  }
});

for (const view of ["dark", "phone"]) {
  journey(`the board and an open row are sound in ${view}`, { role, view: views[view] }, async ({ page, school }) => {
    await page.goto(`${school.address}/morning`);
    await rows(page).first().waitFor();
    await axe(page);
    const child = await rows(page).first().getAttribute("data-row");
    await page.goto(`${school.address}/morning?row=${child}`);
    await openRow(page).waitFor();
    await axe(page);
    await page.goto(`${school.address}/morning/evening`);
    await axe(page);
  });
}
