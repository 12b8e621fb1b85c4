// The screens whose pictures stand in `docs/screenshots/`.
//
// `name` is the file's name, `role` who is signed in (none: nobody), `path` where the picture is taken. `prepare(page)`, where
// there is one, brings the page into the state worth showing. `views` are the pictures to take: light alone where it is not said.

/** Opens the first link whose address begins so. */
const open = (page, begins) => page.locator(`main a[href^="${begins}"]`).first().click();

export const screens = [
  {
    name: "register",
    role: "Teacher",
    path: "/registers",
    views: ["light", "dark", "phone", "print"],
    async prepare(page) {
      await open(page, "/registers/");
      await page.locator("table[role=grid]").waitFor();
    },
  },
  { name: "home", role: "Attendance manager", path: "/", views: ["light", "dark", "phone"] },
  {
    name: "pupil",
    role: "Attendance manager",
    path: "/lists/persistent",
    views: ["light", "dark", "print"],
    async prepare(page) {
      await page.locator('main tbody th a[href^="/pupils/"]').nth(12).click();
      await page.locator(".figure").first().waitFor();
    },
  },
  { name: "persistent", role: "Attendance manager", path: "/lists/persistent", views: ["light", "dark", "phone"] },
  { name: "figures", role: "Attendance manager", path: "/figures" },
  { name: "why", role: "Attendance manager", path: "/why?who=school" },
  { name: "imports", role: "Attendance manager", path: "/imports" },
  { name: "year", role: "Attendance manager", path: "/year" },
  { name: "codes", role: "Teacher", path: "/codes" },
  { name: "people", role: "System administrator", path: "/people" },
  { name: "sign-in", path: "/sign-in" },
];
