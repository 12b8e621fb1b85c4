// The screens whose pictures stand in `docs/screenshots/`.
//
// `name` is the file's name, `role` who is signed in (none: nobody), `path` where the picture is taken. `prepare(page)`, where
// there is one, brings the page into the state worth showing.

export const screens = [{ name: "sign-in", path: "/sign-in" }];
