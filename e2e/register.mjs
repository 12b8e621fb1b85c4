// What journeys look at in a register: rows, marks, the saved line, the history.

/** Opens today's register of the signed-in person's tutor group from the home page. */
export async function openOwnRegister(page, keys) {
  await keys.tabTo(page.locator("main").getByRole("link", { name: /Take the register|Open/ }).first());
  await keys.press("Enter");
  await page.waitForURL(/\/registers\/\d+\//);
  await page.locator("table[role=grid]").waitFor();
}

/** The row with this number. */
export const rowOf = (page, number) => page.locator("table[role=grid] tbody tr").nth(number - 1);

/** The letter of a row's mark; `·` while there is none. */
export const markOf = async (page, number) => (await rowOf(page, number).locator(".c-mark .mk").innerText()).trim();

/** How many places are blank. */
export const blanks = async (page) => Number(await page.locator('[data-tally] [data-kind="blank"] b').innerText());

/** Waits until everything typed has reached the school. */
export const saved = (page) => page.locator("[data-saved]").getByText(/^Saved \d\d:\d\d/).waitFor();

/** What was entered in a register, as the page of its entries tells it: one array of cells for each. */
export async function history(page, school, register) {
  await page.goto(`${school.address}${register}/history`);
  return page.locator("main table").evaluateAll((tables) => tables.flatMap((table) => {
    // A register without sub-codes has no column for them.
    const names = [...table.querySelectorAll("thead th")].map((cell) => cell.innerText.trim());
    const wanted = ["Pupil", "Before", "Entered", "Minutes", "Note", "Reason", "When", "Who", "Job title then"].map((name) => names.indexOf(name));
    return [...table.querySelectorAll("tbody tr")].map((row) => wanted.map((at) => row.cells[at]?.innerText.trim() ?? ""));
  }));
}
