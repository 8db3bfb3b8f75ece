//! Rows in the form that was asked for.

use deltalake_core::arrow::array::RecordBatch;
use deltalake_core::arrow::csv::Writer as CsvWriter;
use deltalake_core::arrow::datatypes::SchemaRef;
use deltalake_core::arrow::error::ArrowError;
use deltalake_core::arrow::ipc::writer::StreamWriter;
use deltalake_core::arrow::json::writer::{JsonArray, WriterBuilder};
use deltalake_core::arrow::util::pretty::pretty_format_batches_with_schema;
use tradewind_ports::SqlForm;

/// Writes rows out.
pub(crate) fn write(form: SqlForm, schema: SchemaRef, rows: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut body = Vec::new();
    match form {
        SqlForm::Json => {
            let builder = WriterBuilder::new().with_explicit_nulls(true);
            let mut writer = builder.build::<_, JsonArray>(&mut body);
            for batch in rows {
                writer.write(batch)?;
            }
            writer.finish()?;
            if body.is_empty() {
                body.extend_from_slice(b"[]");
            }
        }
        SqlForm::Csv => {
            let mut writer = CsvWriter::new(&mut body);
            writer.write(&RecordBatch::new_empty(schema))?;
            for batch in rows {
                writer.write(batch)?;
            }
        }
        SqlForm::Arrow => {
            let mut writer = StreamWriter::try_new(&mut body, &schema)?;
            for batch in rows {
                writer.write(batch)?;
            }
            writer.finish()?;
        }
        SqlForm::Table => {
            let table = pretty_format_batches_with_schema(schema, rows)?;
            body = format!("{table}\n").into_bytes();
        }
    }
    Ok(body)
}
