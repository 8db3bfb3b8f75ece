//! The simulator from outside: the shop, its history, its answers.

#[cfg(test)]
mod history;
#[cfg(test)]
mod respond;
#[cfg(test)]
mod shop;
