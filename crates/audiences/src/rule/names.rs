//! What an expression names: traits, functions, events; and where in the rule each stands.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};

/// Where something stands in a rule: line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) args: usize,
    /// The first argument, where it is a text that stands there as it is.
    pub(super) text: Option<&'a str>,
    pub(super) place: Place,
}

/// What a rule names, in the order of the text as far as the grammar tells.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub(super) variables: Vec<(&'a str, Place)>,
    pub(super) calls: Vec<Call<'a>>,
    /// How deep macros that go through a list stand within each other.
    pub(super) loops: usize,
}

/// Goes through an expression.
pub(super) fn of<'a>(root: &'a IdedExpr, source: &'a SourceInfo) -> Names<'a> {
    let mut walk = Walk { source, names: Names::default(), bound: Vec::new(), open: 0 };
    walk.expression(root);
    walk.names
}

struct Walk<'a> {
    source: &'a SourceInfo,
    names: Names<'a>,
    /// Variables that macros bind.
    bound: Vec<&'a str>,
    open: usize,
}

impl<'a> Walk<'a> {
    fn place(&self, id: u64) -> Place {
        let start = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
        let before: Vec<char> = self.source.source.chars().take(start).collect();
        let line = before.iter().filter(|&&c| c == '\n').count() + 1;
        Place { line, column: before.iter().rev().take_while(|&&c| c != '\n').count() + 1 }
    }

    fn expression(&mut self, node: &'a IdedExpr) {
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => {
                if !name.starts_with('@') && !self.bound.contains(&name.as_str()) {
                    let place = self.place(node.id);
                    self.names.variables.push((name, place));
                }
            }
            Expr::Call(call) => {
                let text = match call.args.first().map(|arg| &arg.expr) {
                    Some(Expr::Literal(LiteralValue::String(text))) => Some(text.inner()),
                    _ => None,
                };
                let place = self.place(node.id);
                let (name, args) = (call.func_name.as_str(), call.args.len());
                self.names.calls.push(Call { name, args, text, place });
                call.target.iter().for_each(|target| self.expression(target));
                call.args.iter().for_each(|arg| self.expression(arg));
            }
            Expr::Comprehension(one) => {
                self.expression(&one.iter_range);
                self.expression(&one.accu_init);
                let known = self.bound.len();
                self.bound.extend([one.iter_var.as_str(), one.accu_var.as_str()]);
                self.bound.extend(one.iter_var2.as_deref());
                self.open += 1;
                self.names.loops = self.names.loops.max(self.open);
                for part in [&one.loop_cond, &one.loop_step, &one.result] {
                    self.expression(part);
                }
                self.open -= 1;
                self.bound.truncate(known);
            }
            Expr::List(list) => list.elements.iter().for_each(|element| self.expression(element)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Select(select) => self.expression(&select.operand),
            Expr::Struct(one) => one.entries.iter().for_each(|entry| self.entry(&entry.expr)),
        }
    }

    fn entry(&mut self, entry: &'a EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => self.expression(&field.value),
            EntryExpr::MapEntry(pair) => {
                self.expression(&pair.key);
                self.expression(&pair.value);
            }
        }
    }
}
