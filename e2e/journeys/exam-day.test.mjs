// An exam day: the office sets an examination and seats a class, its lesson shows where the pupils are, and the invigilator takes the register,
// the server going down in the middle of it; the office logs the call about who is not there. Another sitting comes from a file.

import assert from "node:assert/strict";
import { axe, today } from "../harness.mjs";
import { journey } from "../journey.mjs";
import { blanks, history, markOf, saved } from "../register.mjs";

journey("candidates are seated, looked for in the hall and not in their lesson", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/lessons?show=all`);
  const first = page.locator("main tbody tr").first();
  const lesson = await first.getByRole("link").first().getAttribute("href");
  const [, , group] = lesson.split("/");

  await page.goto(`${school.address}/exams`);
  await axe(page);
  await page.getByRole("link", { name: "Set an examination" }).click();
  await page.getByLabel("Examination").fill("Chemistry 1");
  await page.getByLabel("Day").fill(today);
  await page.getByLabel("Begins").fill("08:40");
  await page.getByLabel("Ends").fill("10:30");
  await axe(page);
  await page.getByRole("button", { name: "Set it" }).click();
  await page.getByText("Seat its candidates next").waitFor();
  const exam = new URL(page.url()).pathname;

  await page.getByRole("link", { name: "Seat candidates" }).click();
  await page.locator("select[name=group]").selectOption(group);
  await page.locator("select[name=room]").selectOption({ index: 1 });
  const staff = page.locator("select[name=staff] option");
  const surname = (label) => label.split(" ").at(-1).toLowerCase();
  const accountOf = (label) => school.accounts.find((one) => one.role === "teacher" && one.name.toLowerCase().includes(surname(label)));
  const label = (await staff.allInnerTexts()).slice(1).find((one) => accountOf(one));
  await page.locator("select[name=staff]").selectOption({ label });
  await axe(page);
  await page.getByRole("button", { name: "Seat them" }).click();
  await page.getByText("They are seated").waitFor();
  await axe(page);
  const candidates = await page.locator("main tbody tr").count();
  assert.ok(candidates > 3, `${candidates} candidates`);

  await page.goto(`${school.address}${lesson}`);
  await page.getByText("examination: Chemistry 1").first().waitFor();
  assert.equal(await blanks(page), 0, "nobody is looked for in the lesson");
  await axe(page);

  const invigilator = accountOf(label);
  await page.context().clearCookies();
  await page.goto(`${school.address}/sign-in`);
  await page.getByLabel("Sign-in name").fill(invigilator.name);
  await page.getByLabel("Password").fill(invigilator.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  await page.goto(`${school.address}/registers`);
  await page.getByRole("link", { name: /^Chemistry 1/ }).click();
  await page.locator("table[role=grid]").waitFor();
  assert.ok(new URL(page.url()).pathname.startsWith(`${exam}/rooms/`));
  await axe(page);
  const register = new URL(page.url()).pathname;
  await keys.type("N");
  await saved(page);
  await page.waitForTimeout(1_000); // what the page fetches ahead beside the grid

  // The server is gone: the same register in order of seats, finished on the device.
  await school.cut();
  await page.reload();
  await page.locator("[data-offline] table[role=grid]").waitFor();
  assert.equal(await markOf(page, 1), "N", "what was saved before is in the kept copy");
  await axe(page);
  const away = await page.locator("table[role=grid] tr[data-planned]").count();
  await keys.press("A");
  await page.getByText(/No network: \d+ marks kept on this device/).waitFor();
  assert.equal(await blanks(page), 0);
  await school.mend();
  await page.goto(`${school.address}/`);
  const waits = () => page.evaluate(() => (document.querySelector("[data-waiting]")?.childElementCount ?? 0) > 0);
  for (let tries = 0; tries < 60 && await waits(); tries += 1) await page.waitForTimeout(500);
  await page.waitForTimeout(1_000);
  const entries = await history(page, school, register);
  const pupils = entries.map(([pupil]) => pupil);
  assert.equal(new Set(pupils).size, pupils.length, "each mark arrived once");
  assert.equal(pupils.length, candidates - away, "and nobody's is missing but of whom a plan has away");
  await page.goto(`${school.address}${register}`);
  const absent = page.locator("table[role=grid] .c-mark .mk").filter({ hasText: /^N$/ });
  assert.equal(await absent.count(), 1, "one candidate is not there");
  await page.goto(`${school.address}${exam}`);
  await page.getByText(/^taken /).waitFor();
  await axe(page);
  page.complaints.splice(0, page.complaints.length, ...page.complaints.filter((one) => !/ERR_CONNECTION|ERR_FAILED/.test(one)));
});

journey("the office calls about a candidate who is not there, and brings another sitting from a file", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/exams`);
  await page.getByRole("link", { name: "Chemistry 1" }).click();
  await page.getByText(/Not at the examination: [12]/).waitFor();
  await keys.tabTo(page.locator(".notice").getByRole("link", { name: /Log a call/ }).first(), 60);
  await keys.press("Enter");
  await page.getByLabel("What came of it").selectOption("on_the_way");
  await axe(page);
  await page.getByRole("button", { name: "Log it" }).click();
  await page.getByText("The call is logged.").waitFor();
  await page.locator(".notice").getByText(/is on the way/).waitFor();
  await axe(page);

  await page.goto(`${school.address}/imports`);
  const rows = ["Exam,Date,Start,End,Room,Seat", `Physics 1,${today},13:30,14:30,Exam hall,`, `Physics 1,${today},14:30,13:30,Exam hall,`];
  await page.locator("input[type=file]").setInputFiles({ name: "exams.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });
  await page.getByRole("button", { name: "Read the file" }).click();
  await page.getByText(/1 examination is set/).waitFor();
  await page.getByText(/It ends at 13:30, which is not after it begins at 14:30/).waitFor();
  await axe(page);
  await page.locator('form[action$="/accept"] input[name="typed"]').fill("1"); // one of two rows is refused: the number says that it was seen
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("heading", { name: "What it did" }).waitFor();
  await page.goto(`${school.address}/exams`);
  await page.getByRole("link", { name: "Physics 1" }).click();
  await page.getByRole("heading", { name: /Exam hall/ }).waitFor();
});
