//! What a query may do: read the lake's tables.
//!
//! The engine knows no other tables, takes no paths for tables, and reads files through nothing but `COPY` and
//! `CREATE EXTERNAL TABLE`, which are refused here by their plan.

use deltalake_core::datafusion::common::tree_node::TreeNodeRecursion;
use deltalake_core::datafusion::error::{DataFusionError, Result};
use deltalake_core::datafusion::logical_expr::LogicalPlan;

/// Refuses a plan that does more than read.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    let look = |node: &LogicalPlan| {
        let refused = match node {
            LogicalPlan::Ddl(ddl) => ddl.name(),
            LogicalPlan::Dml(_) => "INSERT, UPDATE or DELETE",
            LogicalPlan::Copy(_) => "COPY",
            LogicalPlan::Statement(statement) => statement.name(),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        Err(DataFusionError::Plan(format!(
            "{refused} is refused, because this only reads: SELECT, EXPLAIN, SHOW TABLES and DESCRIBE work"
        )))
    };
    plan.apply_with_subqueries(look).map(|_| ())
}
