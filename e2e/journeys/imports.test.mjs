// The office brings in another system's files: pupils, then their marks; the same file again changes nothing.

import assert from "node:assert/strict";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../crates/exchange/samples");
const role = "attendance manager";

/** Sends a file by keyboard and waits until it has been read. */
async function read(page, keys, school, file) {
  await page.goto(`${school.address}/imports`);
  const choose = page.getByLabel("File from the school's own system");
  await keys.tabTo(choose, 60);
  await choose.setInputFiles(path.join(samples, file));
  await keys.tabTo(page.getByRole("button", { name: "Read the file" }), 30);
  await keys.press("Enter");
  await page.waitForURL(/\/imports\/\d+/);
  await page.getByRole("heading", { name: "What accepting does" }).waitFor({ timeout: 60_000 });
}

async function accept(page, keys) {
  await keys.tabTo(page.getByRole("button", { name: "Import", exact: true }), 80);
  await keys.press("Enter");
  await page.getByRole("heading", { name: "What it did" }).waitFor({ timeout: 60_000 });
}

/** What the import counts: outcome to number. */
const counts = (page) => page.locator("ul.todo").first().locator("li").evaluateAll((lines) =>
  Object.fromEntries(lines.map((line) => [line.querySelector(".grow").innerText, Number(line.querySelector(".big").innerText.replace(",", ""))])));

journey("a file of pupils is read, looked over, brought in, and found again", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/imports`);
  await axe(page);
  await read(page, keys, school, "mis/sims_style_pupils_windows1252.csv");
  const foreseen = await counts(page);
  assert.equal(Object.values(foreseen).reduce((sum, count) => sum + count, 0), 30, JSON.stringify(foreseen));
  await axe(page);
  await accept(page, keys);
  assert.deepEqual(await counts(page), foreseen, "it did what it said");
  await axe(page);

  // A name in another encoding arrived whole.
  await keys.press("Control+K");
  await keys.type("joaqu");
  await page.locator("#find-results [role=option]").filter({ hasText: "Joaquín" }).first().waitFor();
});

journey("the same file of pupils again changes nothing", { role }, async ({ page, keys, school }) => {
  await read(page, keys, school, "mis/sims_style_pupils_windows1252.csv");
  assert.equal((await counts(page)).loaded, 0);
  await axe(page);
});

journey("marks of the autumn are brought in for the pupils that came before", { role }, async ({ page, keys, school }) => {
  await read(page, keys, school, "mis/sims_style_session_marks_wide.csv");
  await axe(page);
  await accept(page, keys);
  await page.goto(`${school.address}/pupils?q=joaqu`);
  await page.locator("main tbody th a").filter({ hasText: "Joaquín" }).first().press("Enter");
  await page.waitForURL(/\/pupils\/\d+/);
  assert.match(await page.locator("main .figure").first().innerText(), /\d%/);
  await axe(page);

  await read(page, keys, school, "mis/sims_style_session_marks_wide.csv");
  assert.equal((await counts(page)).loaded, 0, "the same marks again change nothing");
});

journey("a file that is no export is refused with what to do", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/imports`);
  await page.getByLabel("File from the school's own system").setInputFiles({ name: "holiday.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") });
  await keys.tabTo(page.getByRole("button", { name: "Read the file" }), 60);
  await keys.press("Enter");
  await page.locator(".errors, .notice.grave, .notice.heed").first().waitFor({ timeout: 30_000 });
  await axe(page);
  page.complaints = page.complaints.filter((complaint) => !/status of 4\d\d/.test(complaint));
});
