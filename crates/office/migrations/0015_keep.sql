-- The sub-code that went with a mark which came too late for its register.
alter table late_mark add column sub_code {text};
