// What a day leaves to the next: the handover, a case that somebody goes on with, and early calls. Keys are counted.

import assert from "node:assert/strict";
import { axe, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";
const rows = (page) => page.locator("tr[data-row]");
const openRow = (page) => page.locator("[data-part=row]");

journey("whom yesterday left open is on this morning's board, and somebody goes on with it in one key", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.locator(".tally li", { hasText: "from earlier days" }).waitFor();
  await page.locator(".tally a", { hasText: "from earlier days" }).click();
  await page.locator("h1", { hasText: "Handover" }).waitFor();
  await axe(page);
  const first = page.locator("main tbody tr").first();
  assert.match(await first.innerText(), /day \d+, since/);
  await first.locator("th a").focus();
  await keys.press("Enter");
  await openRow(page).waitFor();
  await axe(page);
  keys.reset();
  await keys.press("o");
  await openRow(page).getByText("goes on with it").waitFor();
  assert.equal(keys.count, 1);
  await page.goto(`${school.address}/morning/handover`);
  assert.equal(await page.locator("main tbody tr").first().getByText("nobody yet").count(), 0, "it has an owner");
});

journey("who must be seen is on a page of its own, and a sighting begins the count anew, by keyboard", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.getByRole("link", { name: "To be seen" }).press("Enter");
  await page.locator("h1", { hasText: "To be seen" }).waitFor();
  await axe(page);
  // Any child who is due will do.
  const due = page.locator("main tbody tr").filter({ has: page.getByText(/due today|was due/) }).first();
  const name = (await due.locator("th a").innerText()).trim();
  await due.getByRole("link", { name: `Seen today: ${name}` }).press("Enter");
  await axe(page);
  await page.getByLabel("came to school to be seen").check();
  await page.getByLabel("Who saw them, and how they were").fill("Ms Sample at reception; well");
  await page.keyboard.press("Enter");
  await page.locator(".notice", { hasText: "the child was seen today" }).waitFor();
  const row = page.locator("main tbody tr", { has: page.getByRole("rowheader", { name }) });
  await row.getByRole("cell", { name: "seen today", exact: true }).waitFor();
});

journey("an early call is logged in two keys and the next home is open", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/early-calls`);
  await rows(page).first().waitFor();
  await axe(page);
  const free = rows(page).filter({ hasText: "not rung" }).filter({ hasText: "none yet" }).first();
  const child = await free.getAttribute("data-row");
  await free.locator("th a").focus();
  await keys.press("Enter");
  await openRow(page).waitFor();
  await axe(page);
  keys.reset();
  await keys.press("1", "Enter");
  await page.locator(`tr[data-row="${child}"]`, { hasText: "will come" }).waitFor();
  assert.equal(keys.count, 2);
  const next = await openRow(page).getAttribute("data-open");
  assert.notEqual(next, child, "the next home is open");
  await page.goto(`${school.address}/early-calls/promises`);
  await axe(page);
  assert.ok((await page.locator("main tbody tr").count()) >= 1, "the promise stands there");
});

journey("a pupil is put on the list of early calls and taken off", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/early-calls/list`);
  await axe(page);
  const before = await page.locator("main tbody tr").count();
  await page.getByLabel("Put a pupil on the list").fill("a");
  await page.keyboard.press("Enter");
  await page.locator("ul.plain a").first().click();
  await axe(page);
  await page.getByLabel("attendance plan").check();
  await page.getByRole("button", { name: "Put on the list" }).click();
  await page.locator(".notice", { hasText: "rung on these days" }).waitFor();
  assert.equal(await page.locator("main tbody tr").count(), before + 1);
  await page.locator("main tbody tr").first().getByRole("button").click();
  await page.locator(".notice", { hasText: "Today is the last day" }).waitFor();
});

journey("a clinic is set and a family has a time in it, by keyboard", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/clinics`);
  await axe(page);
  await page.getByRole("link", { name: "Set a clinic" }).press("Enter");
  await axe(page);
  await page.getByRole("button", { name: "Set the clinic" }).press("Enter");
  await page.locator(".notice", { hasText: "The clinic is set" }).waitFor();
  await axe(page);
  await page.getByLabel("Give a family a time").fill("a");
  await page.keyboard.press("Enter");
  await page.locator("ul.plain a").first().press("Enter");
  await axe(page);
  await page.getByRole("button", { name: "Give the time" }).press("Enter");
  await page.locator(".notice", { hasText: "The family has its time" }).waitFor();
  await page.getByRole("link", { name: "Write down" }).first().press("Enter");
  await axe(page);
  await page.getByLabel("What they promised").fill("In by half past eight");
  await page.getByRole("button", { name: "Write down" }).press("Enter");
  await page.locator("main", { hasText: "In by half past eight" }).waitFor();
});

for (const view of ["dark", "phone"]) {
  journey(`handover and early calls are sound in ${view}`, { role, view: views[view] }, async ({ page, school }) => {
    for (const path of ["/morning/handover", "/morning/face-to-face", "/early-calls", "/early-calls/list", "/early-calls/promises", "/clinics"]) {
      await page.goto(`${school.address}${path}`);
      await axe(page);
    }
  });
}
