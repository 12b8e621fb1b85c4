// The late door: who comes late is in the register with a few keys.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

/** The name of a pupil who is not marked yet, as the list of registers leads to one. */
async function missing(page, school) {
  await page.goto(`${school.address}/registers`);
  const register = await page.locator('main table a[href^="/registers/"]').first().getAttribute("href");
  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  const rows = await page.locator("table[role=grid] tbody tr").evaluateAll((all) =>
    all.filter((row) => row.querySelector(".c-mark .mk").textContent.trim() === "·" && !row.dataset.planned).map((row) => row.querySelector(".c-name").innerText.split("\n")[0].trim()));
  assert.ok(rows.length > 0, "somebody is not marked yet");
  return { register, name: rows[0] };
}

const markBeside = (page, name) => page.locator("table[role=grid] tbody tr").filter({ hasText: name }).locator(".c-mark .mk").innerText();

journey("a late pupil is in the register with the letters of the name and Enter, and the reason is one key", { role: "attendance manager" }, async ({ page, keys, school }) => {
  const { register, name } = await missing(page, school);
  await page.goto(`${school.address}/door`);
  await page.locator("#who").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "who" && document.activeElement.getAttribute("role") === "combobox");
  await axe(page);
  keys.reset();
  // As many letters as it takes until the pupil stands first: three for most names.
  const [surname, forename] = name.toLowerCase().split(", ");
  const typed = `${surname.slice(0, 2)} ${forename}`;
  let letters = 0;
  const first = () => page.locator("#who-found li").first().innerText().catch(() => "");
  while (letters < typed.length && !(letters >= 3 && (await first()).includes(name))) await keys.type(typed[letters++]);
  await keys.press("Enter");
  await page.locator('.last[data-outcome="entered"]').waitFor();
  assert.equal(keys.count, letters + 1);
  assert.ok((await page.locator(".last h2").innerText()).includes(name));
  assert.match(await page.locator(".last").innerText(), /Late (once|\d+ times) this half-term; \d+ counted in 10 school days/);
  await keys.press("1");
  await page.locator('.last button[aria-pressed="true"]').getByText("Overslept").waitFor();
  await page.waitForTimeout(600);
  await axe(page);

  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(page, name)).trim(), "L");
  await page.goto(`${school.address}/door/log`);
  assert.match(await page.locator("main table tbody tr").filter({ hasText: name }).innerText(), /Overslept/);
  await axe(page);

  // Typed for the wrong pupil: taken back with its mark.
  await page.goto(`${school.address}/door`);
  await page.getByRole("button", { name }).click();
  await page.keyboard.press("Control+z");
  await page.getByText(/blank again/).first().waitFor();
  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(page, name)).trim(), "·");
});
