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
  await page.getByRole("heading", { name: /holiday\.csv.*refused/ }).waitFor();
  await page.getByText("cannot be imported").first().waitFor();
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
  await keys.tabTo(page.getByRole("button", { name: "Rows to correct (CSV)" }), 60);
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

/** Sends text as a file by keyboard and waits until it has been looked at. */
async function sendText(page, keys, school, name, content) {
  await page.goto(`${school.address}/imports`);
  const choose = page.getByLabel("File from the school's own system");
  await keys.tabTo(choose, 60);
  await choose.setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
  await keys.tabTo(page.getByRole("button", { name: "Read the file" }), 30);
  await keys.press("Enter");
  await looked(page);
}

/** Waits until nothing is under way on the page of an import. */
async function looked(page) {
  await page.waitForURL(/\/imports\/\d+$/);
  await page.waitForFunction(() => !document.querySelector("[data-progress]"), null, { timeout: 60_000 });
}

async function push(page, keys, name, limit = 200) {
  await keys.tabTo(page.getByRole("button", { name, exact: true }), limit);
  await keys.press("Enter");
}

const list = (rows) => `Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission,Reg\n${rows}\n`;

journey("a record that waits is settled by keyboard, and the next file does not ask again", { role }, async ({ page, keys, school }) => {
  await sendText(page, keys, school, "here.csv", list("000101,E823499826001,Sample,Ada,13/02/2014,02/09/2026,7A"));
  await accept(page, keys);
  const other = list("000201,E823499826001,Specimen,Cal,15/06/2012,02/09/2026,9B");
  await sendText(page, keys, school, "other.csv", other);
  await keys.tabTo(page.getByRole("link", { name: "Say who it is" }));
  await keys.press("Enter");
  await page.getByRole("heading", { name: "Records that wait for you" }).waitFor();
  await axe(page);

  await keys.tabTo(page.getByLabel(/Decide later/), 60);
  await keys.press("ArrowDown", "ArrowDown");
  assert.ok(await page.getByLabel(/Another person/).isChecked());
  await keys.tabTo(page.getByLabel("Reason for what you decide here"), 20);
  await keys.type("Rang the family");
  await push(page, keys, "Keep these decisions and look again");
  await looked(page);
  assert.equal((await counts(page)).held, 0);
  await accept(page, keys);

  await sendText(page, keys, school, "other.csv", other);
  assert.deepEqual([(await counts(page)).held, (await counts(page)).unchanged], [0, 1]);
  await page.goto(`${school.address}/imports/decisions`);
  await page.getByText("Rang the family").waitFor();
  await axe(page);
});

journey("an unknown file is explained once and its kind asks nothing again", { role }, async ({ page, keys, school }) => {
  await sendText(page, keys, school, "unknown.csv", "Nachname,Vorname,Geboren,Nr\nMuster,Ada,03/04/2014,000301\n");
  await page.getByText("What do the columns hold?").waitFor();
  await axe(page);
  await keys.tabTo(page.getByRole("link", { name: "Answer" }));
  await keys.press("Enter");
  await page.getByRole("heading", { name: "What the columns hold" }).waitFor();
  await axe(page);
  for (const [heading, held] of [["Nachname", "the legal surname"], ["Vorname", "the legal forename"], ["Geboren", "the date of birth"], ["Nr", "the admission number"]]) {
    await page.getByLabel(heading, { exact: true }).selectOption({ label: held });
  }
  await keys.tabTo(page.getByLabel(/Keep these answers/), 60);
  await keys.press("Space");
  await push(page, keys, "Read the file so");
  await looked(page);
  await page.getByText("Does the day or the month come first in its dates?").waitFor();
  await keys.tabTo(page.getByRole("link", { name: "Answer" }));
  await keys.press("Enter");
  await page.getByText("is 4 March 2014").waitFor();
  await axe(page);
  await page.getByLabel(/The day comes first/).check();
  await keys.tabTo(page.getByLabel(/Keep these answers/), 60);
  await keys.press("Space");
  await push(page, keys, "Read it again");
  await looked(page);

  await sendText(page, keys, school, "next.csv", "Nachname,Vorname,Geboren,Nr\nBeispiel,Ben,05/06/2013,000302\n");
  await page.getByText("Read with the answers kept as").waitFor();
  assert.equal((await counts(page)).loaded, 1);
  await page.goto(`${school.address}/imports/profiles`);
  await page.getByText("is the legal surname").waitFor();
  await axe(page);
});

journey("an import is looked over in its report, and undone with a reason", { role }, async ({ page, keys, school }) => {
  await sendText(page, keys, school, "wrong.csv", list("000901,,Wrong,Una,13/02/2014,02/09/2026,7A"));
  await accept(page, keys);
  const place = page.url();
  await page.goto(`${place}/report`);
  await page.getByText("A new pupil.").waitFor();
  await axe(page);
  await page.goto(`${place}/undo`);
  await axe(page);
  await keys.tabTo(page.getByLabel("Reason"), 60);
  await keys.type("The list of another school");
  await push(page, keys, "Undo this import");
  await looked(page);
  await page.getByText("The list of another school").waitFor();
  await axe(page);
  await page.goto(`${school.address}/pupils?q=wrong%2C+una`);
  assert.equal(await page.locator("main tbody th a").filter({ hasText: "Wrong, Una" }).count(), 0);
});
