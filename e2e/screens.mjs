// The screens whose pictures stand in `docs/screenshots/`.
//
// `name` is the file's name, `says` what the list of pictures says of it, `role` who is signed in, `path` where the picture is
// taken. `prepare(page)`, where there is one, brings the page into the state worth showing. `views` are the pictures to take: light
// alone where it is not said.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { saved } from "./register.mjs";

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), "../crates/exchange/samples");

export const screens = [
  {
    name: "register",
    says: "A class register, taken from the keyboard",
    role: "Teacher",
    path: "/registers",
    views: ["light", "dark", "phone", "print"],
    async prepare(page) {
      await page.locator('main tbody a[href^="/registers/"]').first().click();
      await page.locator("table[role=grid]").waitFor();
      // Taken by the first picture; the others find it as it stands.
      if ((await page.locator('[data-tally] [data-kind="blank"] b').innerText()) === "0") return;
      await page.keyboard.type("A4N2N0L");
      await saved(page);
    },
  },
  { name: "home", says: "The attendance office at ten to nine", role: "Attendance manager", path: "/", views: ["light", "phone"] },
  {
    name: "morning",
    says: "The morning: who is not located, the most urgent first, with one row open",
    role: "Attendance manager",
    path: "/morning",
    views: ["light", "phone"],
    async prepare(page) {
      await page.locator("tr[data-row] th a").nth(1).click();
      await page.locator("[data-open]").waitFor();
    },
  },
  { name: "handover", says: "Whom earlier days left open, and what is due today", role: "Attendance manager", path: "/morning/handover" },
  { name: "early-calls", says: "Homes to ring before the day begins", role: "Attendance manager", path: "/early-calls" },
  { name: "absence-line", says: "What families tell, with the code that it proposes", role: "Attendance manager", path: "/absence-line" },
  { name: "visits", says: "The round of visits: who goes, what is ready, who is out", role: "Attendance manager", path: "/visits", views: ["light", "phone"] },
  { name: "ten-day-watch", says: "Runs of unauthorised absence, watched from the sixth session", role: "Attendance manager", path: "/ten-day-watch" },
  { name: "concerns", says: "What worries somebody, with the safeguarding lead alone", role: "Designated safeguarding lead", path: "/concerns" },
  { name: "messages", says: "Every message to families, as it would go", role: "Attendance manager", path: "/messages/first" },
  {
    name: "door",
    says: "The late door: three letters and Enter",
    role: "Attendance manager",
    path: "/door",
    async prepare(page) {
      await page.waitForFunction(() => document.activeElement?.id === "who" && document.activeElement.getAttribute("role") === "combobox");
      await page.keyboard.type("smi");
      await page.locator("#who-found li").first().waitFor();
    },
  },
  { name: "fire", says: "The fire list, on any phone and without a network", role: "Attendance manager", path: "/fire", views: ["light", "phone"] },
  { name: "exams", says: "Examinations with their rooms and candidates", role: "Attendance manager", path: "/exams" },
  {
    name: "pupil",
    says: "A pupil: attendance with its reason, and every mark of the year",
    role: "Attendance manager",
    path: "/lists/persistent",
    views: ["light", "print"],
    async prepare(page) {
      await page.locator('main tbody th a[href^="/pupils/"]').nth(12).click();
      await page.locator(".figure").first().waitFor();
    },
  },
  {
    name: "why",
    says: "Why a percentage is what it is, opened beside the list",
    role: "Attendance manager",
    path: "/lists/persistent",
    async prepare(page) {
      await page.locator("main tbody tr").nth(12).locator("a[data-drawer]").first().click();
      await page.getByRole("dialog").getByRole("heading", { level: 1 }).waitFor();
    },
  },
  { name: "persistent", says: "Pupils in persistent absence", role: "Attendance manager", path: "/lists/persistent" },
  { name: "plans", says: "What is known ahead: plans with what falls due", role: "Attendance manager", path: "/plans" },
  {
    name: "timetable",
    says: "The timetable of a class",
    role: "Attendance manager",
    path: "/timetable",
    async prepare(page) {
      await page.locator('main a[href^="/timetable/groups/"]').first().click();
      await page.locator("main table").first().waitFor();
    },
  },
  { name: "figures", says: "Figures of the school, its years, houses and tutor groups", role: "Attendance manager", path: "/figures" },
  {
    name: "imports",
    says: "What a file would do, before it does it",
    role: "Attendance manager",
    path: "/imports",
    async prepare(page) {
      await page.getByLabel("File from the school's own system").setInputFiles(path.join(samples, "mis/sims_style_pupils_windows1252.csv"));
      await page.getByRole("button", { name: "Read the file" }).click();
      await page.getByRole("heading", { name: "What accepting does" }).waitFor();
    },
  },
  { name: "year", says: "The school year: half-terms and the days that differ", role: "Teacher", path: "/year" },
  { name: "settings", says: "Session times and other settings, each from a day on", role: "System administrator", path: "/settings" },
  { name: "codes", says: "Which code applies, with its rule and source", role: "Teacher", path: "/codes" },
];
