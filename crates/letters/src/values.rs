//! A paper as the values that the form reads.

use paper::{Column, Paper, Part, Table, Width};
use typst::foundations::{Array, Dict, Str, Value};
use typst::layout::{Abs, Fr, Length};

use crate::legible::Legible;
use crate::world::Fonts;

/// The form's one input, `paper`.
pub(crate) fn of(paper: &Paper, fonts: &Fonts) -> Dict {
    let mut legible = Legible::new(fonts);
    let mut text = |text: &str| legible.text(text);
    let mut values = Dict::new();
    put(&mut values, "title", text(&paper.title));
    put(&mut values, "owner", text(&paper.owner));
    put(&mut values, "foot", text(&paper.foot));
    put(&mut values, "landscape", Value::Bool(paper.landscape));
    let about = paper.about.iter();
    let about = about.map(|(name, value)| array([text(name), text(value)]));
    let about: Array = about.collect();
    put(&mut values, "about", Value::Array(about));
    let mut parts: Array = (paper.parts.iter())
        .map(|part| part_of(part, &mut text))
        .collect();
    if let Some(explained) = legible.explained() {
        parts.push(part_of(&Part::Words(explained), &mut |text| {
            Value::Str(Str::from(text))
        }));
    }
    put(&mut values, "parts", Value::Array(parts));
    let mut inputs = Dict::new();
    put(&mut inputs, "paper", Value::Dict(values));
    inputs
}

fn part_of(part: &Part, text: &mut impl FnMut(&str) -> Value) -> Value {
    let mut values = Dict::new();
    let kind = match part {
        Part::Heading(words) => {
            put(&mut values, "text", text(words));
            "heading"
        }
        Part::Words(words) => {
            put(&mut values, "text", text(words));
            "words"
        }
        Part::Table(table) => {
            table_of(&mut values, table, text);
            "table"
        }
        Part::NewPage => "page",
        Part::Letter { to, day } => {
            let lines = to.iter().map(|line| text(line));
            put(&mut values, "to", array(lines));
            put(&mut values, "day", text(day));
            "letter"
        }
        Part::Signature(lines) => {
            let lines = lines.iter().map(|line| text(line));
            put(&mut values, "lines", array(lines));
            "signature"
        }
    };
    put(&mut values, "kind", Value::Str(Str::from(kind)));
    Value::Dict(values)
}

fn table_of(values: &mut Dict, table: &Table, text: &mut impl FnMut(&str) -> Value) {
    put(values, "caption", text(&table.caption));
    put(values, "dense", Value::Bool(table.dense));
    let over = table.over.iter();
    let over = over.map(|(heading, span)| array([text(heading), Value::Int(*span as i64)]));
    let over: Array = over.collect();
    put(values, "over", Value::Array(over));
    let headings: Array = (table.columns.iter())
        .map(|column| text(&column.heading))
        .collect();
    put(values, "headings", Value::Array(headings));
    put(values, "widths", array(table.columns.iter().map(width)));
    let rows: Array = (table.rows.iter())
        .map(|row| array(row.iter().map(|cell| text(cell))))
        .collect();
    put(values, "rows", Value::Array(rows));
}

fn width(column: &Column) -> Value {
    match column.width {
        Width::Own => Value::Auto,
        Width::Share(parts) => Value::Fraction(Fr::new(f64::from(parts))),
        Width::Tenths(tenths) => Value::Length(Length::from(Abs::mm(f64::from(tenths) / 10.0))),
    }
}

fn put(values: &mut Dict, name: &str, value: Value) {
    values.insert(Str::from(name), value);
}

fn array(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect())
}
