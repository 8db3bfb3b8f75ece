//! What every setting is where nobody sets it.

use std::collections::BTreeMap;

use tradewind_kernel::Currency;

use super::{
    ApiKeys, Collect, Config, Consent, Lake, Log, Models, Privacy, RetentionConfig, Serve, Shop, Storage,
    VaultConfig,
};

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "./tradewind-data".into(),
            serve: Serve {
                host: "127.0.0.1".into(),
                port: 8080,
                trusted_proxies: Vec::new(),
                max_connections: 4_096,
                max_inflight_mib: 64,
                read_timeout_ms: 10_000,
                idle_timeout_ms: 75_000,
            },
            collect: Collect {
                write_keys: Vec::new(),
                allowed_origins: Vec::new(),
                shopify_secrets: Vec::new(),
                schemas_dir: None,
                geo_database: None,
                events_per_second_per_key: 0,
                events_per_second: 0,
                burst_seconds: 10,
            },
            api: ApiKeys { keys: Vec::new() },
            vault: VaultConfig { master_key: String::new(), api_keys: Vec::new(), cache_mib: 16 },
            privacy: Privacy {
                personal_fields: Vec::new(),
                phone_calling_code: String::new(),
                ledger_dir: None,
                shop_redact: "confirm".into(),
            },
            retention: RetentionConfig { people_days: 0, dead_letters_days: 0, every_minutes: 60 },
            shop: Shop { name: "Tradewind".into(), currency: Currency::EUR },
            consent: Consent {
                policy: "regional".into(),
                default_region: String::new(),
                policy_file: None,
                categories: BTreeMap::new(),
            },
            models: Models { popularity_half_life_hours: 72 },
            storage: Storage {
                state_cache_mib: 64,
                log_segment_mib: 128,
                log_queue_mib: 64,
                max_lag_records: 1_000_000,
                lag_target_ms: 40,
                queue_target_ms: 500,
                dead_letters_max: 100_000,
                dead_letters_mib: 256,
                log_keep_days: 0,
                log_max_mib: 0,
                disk_reserve_mib: 512,
            },
            lake: Lake {
                enabled: true,
                commit_rows: 100_000,
                commit_seconds: 60,
                keep_days: 0,
                sql_memory_mib: 512,
                sql_timeout_ms: 30_000,
                sql_max_rows: 10_000,
            },
            log: Log { level: "info".into(), format: "text".into() },
            webhooks: Vec::new(),
        }
    }
}
