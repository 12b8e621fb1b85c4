// The office brings in another system's files: pupils, then their marks; the same file again changes nothing.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { axe } from "../harness.mjs";
import { accept, counts, readFileIn } from "../imports.mjs";
import { journey } from "../journey.mjs";

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../crates/exchange/samples");
const role = "attendance manager";

const sample = (file) => path.join(samples, file);

journey("a file of pupils is read, looked over, brought in, and found again", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/imports`);
  await axe(page);
  await readFileIn(page, keys, school, sample("mis/sims_style_pupils_windows1252.csv"));
  const foreseen = await counts(page);
  assert.equal(Object.values(foreseen).reduce((sum, count) => sum + count, 0), 30, JSON.stringify(foreseen));
  assert.equal(foreseen.held, 0, "no pupil of the demo school has a number of the file");
  await page.getByText("your role (Attendance manager) may not change").first().waitFor();
  await axe(page);
  await accept(page, keys);
  assert.deepEqual(await counts(page), foreseen, "it did what it said");
  await axe(page);

  // A name in another encoding arrived whole.
  await keys.press("Control+K");
  await keys.type("joaqu");
  await page.locator("#find-results [role=option]").filter({ hasText: "Joaquín" }).first().waitFor();
});

/** The pupils of the sample, whether or not an earlier journey has brought them in. */
async function bringInPupils(page, keys, school) {
  await readFileIn(page, keys, school, sample("mis/sims_style_pupils_windows1252.csv"));
  if ((await counts(page)).loaded > 0) await accept(page, keys);
}

journey("the same file of pupils again changes nothing", { role }, async ({ page, keys, school }) => {
  await bringInPupils(page, keys, school);
  await readFileIn(page, keys, school, sample("mis/sims_style_pupils_windows1252.csv"));
  assert.equal((await counts(page)).loaded, 0);
  await axe(page);
});

journey("marks of the autumn are brought in for the pupils that came before", { role }, async ({ page, keys, school }) => {
  await bringInPupils(page, keys, school);
  await readFileIn(page, keys, school, sample("mis/sims_style_session_marks_wide.csv"));
  await axe(page);
  await accept(page, keys);
  await page.goto(`${school.address}/pupils?q=joaqu`);
  await page.locator("main tbody th a").filter({ hasText: "Joaquín" }).first().press("Enter");
  await page.waitForURL(/\/pupils\/\d+/);
  assert.match(await page.locator("main .figure").first().innerText(), /\d%/);
  await axe(page);

  await readFileIn(page, keys, school, sample("mis/sims_style_session_marks_wide.csv"));
  assert.equal((await counts(page)).loaded, 0, "the same marks again change nothing");
});

journey("a file that is no export is refused with what to do", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/imports`);
  await page.getByLabel("File from the school's own system").setInputFiles({ name: "holiday.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") });
  await keys.tabTo(page.getByRole("button", { name: "Read the file" }), 60);
  await keys.press("Enter");
  await page.locator(".errors, .notice.grave, .notice.heed").first().waitFor();
  await axe(page);
  page.complaints = page.complaints.filter((complaint) => !/status of 4\d\d/.test(complaint));
});

journey("refused rows are mended in the file that is offered, and come in", { role }, async ({ page, keys, school }) => {
  const heading = "Adno,Legal Surname,Legal Forename,Gender,DOB,Year,Reg,House,Date of Admission,Enrolment Status";
  const pupil = (number, forename, born) => `${number},Mendable,${forename},F,${born},Year  7,7A,Alder,02/09/2026,C`;
  const file = (text) => ({ name: "new-pupils.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  const rows = [heading, pupil("009901", "Ottoline", "12/11/2014"), pupil("009902", "Quentina", "31/02/2015"), pupil("009903", "Rosalba", "03/05/2015")];
  await readFileIn(page, keys, school, file(`${rows.join("\n")}\n`));
  assert.deepEqual([(await counts(page)).loaded, (await counts(page)).rejected], [2, 1]);
  const finding = page.locator("main tbody tr").filter({ hasText: "Quentina" });
  assert.match(await finding.innerText(), /^3\b[\s\S]*“31\/02\/2015” in “DOB” is not a real date[\s\S]*Correct the date/, "line, column, reason, what to do");
  await axe(page);

  // The rows to correct, as the officer opens them in a spreadsheet.
  const arriving = page.waitForEvent("download");
  await keys.tabTo(page.getByRole("link", { name: "Rows to correct (CSV)" }), 60);
  await keys.press("Enter");
  const wrong = await readFile(await (await arriving).path(), "utf8");
  assert.ok(wrong.includes("Quentina") && !wrong.includes("Ottoline"), wrong);

  // The good rows go in now: the number of those that do not is typed, so that nobody overlooks it.
  await keys.tabTo(page.getByLabel(/^Type the number/), 60);
  await keys.type("1");
  await accept(page, keys);

  await readFileIn(page, keys, school, file(wrong.replace("31/02/2015", "28/02/2015")));
  const mended = await counts(page);
  assert.deepEqual([mended.loaded, mended.rejected], [1, 0], JSON.stringify(mended));
  await accept(page, keys);
  await keys.press("Control+K");
  await keys.type("mendable");
  const found = page.locator("#find-results [role=option]").filter({ hasText: "Mendable" });
  await found.nth(2).waitFor();
  assert.equal(await found.count(), 3, "each pupil once");
});
