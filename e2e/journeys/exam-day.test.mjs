// An exam day: the office sets an examination and seats a class, its lesson shows where the pupils are, and the invigilator takes the register.

import assert from "node:assert/strict";
import { axe, today } from "../harness.mjs";
import { journey } from "../journey.mjs";
import { blanks, saved } from "../register.mjs";

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
  await page.getByLabel("Begins").fill("09:10");
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
  await keys.type("NA");
  await saved(page);
  assert.equal(await blanks(page), 0);
  const absent = page.locator("table[role=grid] .c-mark .mk").filter({ hasText: /^N$/ });
  assert.equal(await absent.count(), 1, "one candidate is not there");
  await page.goto(`${school.address}${exam}`);
  await page.getByText(/^taken /).waitFor();
  await axe(page);
});
