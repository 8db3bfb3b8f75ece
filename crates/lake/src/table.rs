//! One Delta table of the lake: open or make it, add columns, append with the log's offset.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deltalake_core::arrow::array::{Array, ArrayRef, Date32Array, RecordBatch, UInt32Array, new_null_array};
use deltalake_core::arrow::compute::{cast, concat_batches, take_record_batch};
use deltalake_core::arrow::datatypes::{Field, Schema, SchemaRef};
use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Remove, Transaction};
use deltalake_core::parquet::basic::{Compression, ZstdLevel};
use deltalake_core::parquet::file::properties::WriterProperties;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::writer::{DeltaWriter, RecordBatchWriter};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use tradewind_ports::Offset;
use url::Url;

use crate::columns::{ColumnType, DAY};
use crate::durable::DurableFiles;
use crate::error::LakeError;
use crate::place;

/// The id of the lake's transactions: its version is the log's next offset.
pub(crate) const APP_ID: &str = "tradewind-log";

/// The folder of a table's commits.
pub(crate) const DELTA_LOG: &str = "_delta_log";

/// What a new table is told of itself. Files that nothing refers to and commits that a checkpoint covers are
/// kept for a day, for readers that are slow.
const PROPERTIES: [(&str, &str); 4] = [
    ("delta.checkpointInterval", "50"),
    ("delta.logRetentionDuration", "interval 1 days"),
    ("delta.deletedFileRetentionDuration", "interval 1 days"),
    ("delta.enableExpiredLogCleanup", "true"),
];

/// A table that is open for writing.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) folder: PathBuf,
    pub(crate) delta: DeltaTable,
    /// One past the last offset whose rows it has.
    pub(crate) next: Offset,
    schema: SchemaRef,
}

/// The address of a folder.
pub(crate) fn url_of(folder: &Path) -> Result<Url, DeltaTableError> {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let refused = || DeltaTableError::InvalidTableLocation(absolute.display().to_string());
    Url::from_directory_path(&absolute).map_err(|()| refused())
}

/// How the lake's files are written.
pub(crate) fn file_properties() -> WriterProperties {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("tradewind ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

impl Table {
    /// Opens the table, which is made if there is none and given the columns that it lacks.
    pub(crate) async fn open(
        root: &Path,
        name: &'static str,
        columns: &[ColumnType],
    ) -> Result<Self, LakeError> {
        let folder = root.join(name);
        place::make_root(&folder)?;
        place::drop_torn_commit(&folder)?;
        let url = url_of(&folder).map_err(LakeError::table(name, "be opened"))?;
        let builder =
            DeltaTableBuilder::from_url(url.clone()).map_err(LakeError::table(name, "be opened"))?;
        let builder = builder.with_storage_backend(Arc::new(DurableFiles::default()), url);
        let mut delta = builder.build().map_err(LakeError::table(name, "be opened"))?;
        delta = match delta.load().await {
            Ok(()) => delta,
            Err(DeltaTableError::NotATable(_)) => delta
                .create()
                .with_table_name(name)
                .with_columns(columns.iter().map(ColumnType::delta_field))
                .with_partition_columns([DAY])
                .with_configuration(PROPERTIES.map(|(key, value)| (key, Some(value))))
                .await
                .map_err(LakeError::table(name, "be made"))?,
            Err(error) => return Err(LakeError::table(name, "be opened")(error)),
        };
        let mut table = Self { name, folder, delta, next: 0, schema: Arc::new(Schema::empty()) };
        table.evolve(columns).await?;
        table.next = table.transaction().await?;
        Ok(table)
    }

    /// Adds the columns that the table lacks. What it has beyond is of a newer program and stays.
    async fn evolve(&mut self, columns: &[ColumnType]) -> Result<(), LakeError> {
        self.schema = self.read_schema()?;
        let lacking = columns.iter().filter(|c| self.schema.field_with_name(c.name).is_err());
        let fields: Vec<_> = lacking.map(ColumnType::delta_field).collect();
        if fields.is_empty() {
            return Ok(());
        }
        tracing::info!(table = self.name, columns = fields.len(), "the lake's table gets new columns");
        let adding = self.delta.clone().add_columns().with_fields(fields);
        self.delta = adding.await.map_err(LakeError::table(self.name, "get new columns"))?;
        self.schema = self.read_schema()?;
        Ok(())
    }

    fn read_schema(&self) -> Result<SchemaRef, LakeError> {
        let failed = LakeError::table(self.name, "tell its columns");
        let schema = self.delta.snapshot().map_err(failed)?.schema();
        let arrow: Schema = schema.as_ref().try_into_arrow()?;
        Ok(Arc::new(arrow))
    }

    /// The offset in the newest transaction.
    async fn transaction(&self) -> Result<Offset, LakeError> {
        let failed = LakeError::table(self.name, "tell its transaction");
        let snapshot = self.delta.snapshot().map_err(failed)?;
        let store = self.delta.log_store();
        let version = snapshot.transaction_version(store.as_ref(), APP_ID).await.map_err(failed)?;
        Ok(version.and_then(|v| Offset::try_from(v).ok()).unwrap_or(0))
    }

    /// Writes rows, all in one commit that says that everything before `next` is in. Durable on return.
    pub(crate) async fn append(&mut self, rows: &[RecordBatch], next: Offset) -> Result<u64, LakeError> {
        let failed = LakeError::table(self.name, "take rows");
        let mut writer = self.writer().map_err(failed)?;
        let mut adds: Vec<Add> = Vec::new();
        let mut count = 0;
        for (_, part) in self.by_day(rows)? {
            count += part.num_rows() as u64;
            // One day at a time: so only one file is open, however many days an import spans.
            writer.write(part).await.map_err(failed)?;
            adds.extend(writer.flush().await.map_err(failed)?);
        }
        let transaction = Transaction::new(APP_ID, i64::try_from(next).unwrap_or(i64::MAX));
        let properties = CommitProperties::default().with_application_transaction(transaction);
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![DAY.to_owned()]),
            predicate: None,
        };
        self.commit(Vec::new(), adds, properties, operation).await?;
        self.next = next;
        Ok(count)
    }

    /// A writer of new files of this table.
    pub(crate) fn writer(&self) -> Result<RecordBatchWriter, DeltaTableError> {
        Ok(RecordBatchWriter::for_table(&self.delta)?.with_writer_properties(file_properties()))
    }

    /// Puts files in the place of others, in one commit. Durable on return.
    pub(crate) async fn commit(
        &mut self,
        removes: Vec<Remove>,
        adds: Vec<Add>,
        properties: CommitProperties,
        operation: DeltaOperation,
    ) -> Result<(), LakeError> {
        let failed = LakeError::table(self.name, "make a commit");
        let removes = removes.into_iter().map(Action::Remove);
        let snapshot = self.delta.snapshot().map_err(failed)?;
        let committed = CommitBuilder::from(properties)
            .with_actions(removes.chain(adds.into_iter().map(Action::Add)).collect())
            .build(Some(snapshot), self.delta.log_store(), operation)
            .await
            .map_err(failed)?;
        self.delta.state = Some(committed.snapshot());
        Ok(())
    }

    /// Rows with the table's own columns in its own order.
    pub(crate) fn conform(&self, rows: &RecordBatch) -> Result<RecordBatch, LakeError> {
        conform(rows, &self.schema)
    }

    /// The rows with the table's own columns in its own order, day by day.
    fn by_day(&self, rows: &[RecordBatch]) -> Result<BTreeMap<i32, RecordBatch>, LakeError> {
        let Some(first) = rows.first() else { return Ok(BTreeMap::new()) };
        let all = conform(&concat_batches(&first.schema(), rows)?, &self.schema)?;
        let days = all.column_by_name(DAY).and_then(|c| c.as_any().downcast_ref::<Date32Array>());
        let mut places: BTreeMap<i32, Vec<u32>> = BTreeMap::new();
        for (row, day) in days.into_iter().flatten().enumerate() {
            places.entry(day.unwrap_or(0)).or_default().push(u32::try_from(row).unwrap_or(u32::MAX));
        }
        let part =
            |(day, rows): (i32, Vec<u32>)| Ok((day, take_record_batch(&all, &UInt32Array::from(rows))?));
        places.into_iter().map(part).collect()
    }
}

/// A batch with exactly the columns of `schema`: missing ones null, others left out.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, LakeError> {
    let of = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => cast(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    };
    let columns = schema.fields().iter().map(of).collect::<Result<Vec<ArrayRef>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
