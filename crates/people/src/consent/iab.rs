//! The strings of the advertising trade: TC strings (TCF 2.x) and GPP strings.
//!
//! A GPP string is taken apart by the library `iab_gpp`; what makes it fail or panic is a denial. A TC string
//! is read by [`tc`], which says why.
//!
//! Which purpose needs what of a TC string, always as *consent*, never as legitimate interest, and always with
//! purpose 1 (to store on the device):
//!
//! | ours | theirs |
//! |---|---|
//! | `personalization` | 5 and 6, a profile for content and its use |
//! | `analytics` | 8 and 9, measurement of content and of audiences |
//! | `experimentation` | 8 |
//! | `model_training` | 10, development of services |
//! | `ads_sharing` | 2, 3, 4 and 7 |
//!
//! Of a GPP string, section 2 is a TC string. The sections of the American states (6 to 23) deny
//! `ads_sharing` where sale, sharing or targeted advertising was opted out of, or GPC is set, and allow it
//! where the person could have opted out and did not. Canada's section and those that the library does not
//! know are denials.

use std::panic::{AssertUnwindSafe, catch_unwind};

use iab_gpp::sections::us_common::OptOut;
use iab_gpp::sections::{Section, SectionId, usnat, uspv1};
use iab_gpp::v1::GPPString;
use tradewind_kernel::{Purpose, Purposes};

use self::tc::TcString;
use super::signal::{Signal, SignalKind, minus, or};

mod tc;

/// The longest string that is read, in bytes.
const MAX_BYTES: usize = 8 << 10;
/// The longest header of a GPP string, in bytes.
const MAX_HEADER_BYTES: usize = 128;

/// What a TC string needs to consent to for each of our purposes.
const NEEDS: [(Purpose, &[usize]); 5] = [
    (Purpose::Personalization, &[1, 5, 6]),
    (Purpose::Analytics, &[1, 8, 9]),
    (Purpose::Experimentation, &[1, 8]),
    (Purpose::ModelTraining, &[1, 10]),
    (Purpose::AdsSharing, &[1, 2, 3, 4, 7]),
];

/// What such a string can speak of: all but the channels of marketing.
fn scope() -> Purposes {
    NEEDS.iter().map(|(purpose, _)| *purpose).collect()
}

fn ads() -> Purposes {
    Purposes::NONE.with(Purpose::AdsSharing)
}

/// What is allowed and forbidden.
type Word = (Purposes, Purposes);

/// What a TC string says.
#[must_use]
pub fn of_tc_string(text: &str) -> Signal {
    let text = text.trim();
    let (granted, denied) = guarded(|| tc_word(text)).unwrap_or((Purposes::NONE, scope()));
    Signal::new(SignalKind::Tcf, granted, denied, text)
}

/// What a GPP string says.
#[must_use]
pub fn of_gpp(text: &str) -> Signal {
    let text = text.trim();
    let (granted, denied) = guarded(|| gpp_word(text)).unwrap_or((Purposes::NONE, scope()));
    Signal::new(SignalKind::Gpp, granted, denied, text)
}

/// The library's word; none where it panics.
fn guarded(read: impl FnOnce() -> Option<Word>) -> Option<Word> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn tc_word(text: &str) -> Option<Word> {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if text.len() > MAX_BYTES || !text.bytes().all(is_letter) {
        return None;
    }
    // A string for all sites is no longer valid.
    let tc = TcString::read(text).filter(|tc| tc.is_service_specific)?;
    let has = |needed: &[usize]| needed.iter().all(|&purpose| tc.consents_to(purpose));
    let granted: Purposes = NEEDS.iter().filter(|(_, needed)| has(needed)).map(|(p, _)| *p).collect();
    Some((granted, minus(scope(), granted)))
}

fn gpp_word(text: &str) -> Option<Word> {
    let header = text.split('~').next().unwrap_or_default();
    if text.len() > MAX_BYTES || header.len() > MAX_HEADER_BYTES {
        return None;
    }
    let gpp = GPPString::parse_str(text).ok()?;
    let (mut granted, mut denied) = (Purposes::NONE, Purposes::NONE);
    let mut sections = 0;
    for id in gpp.section_ids() {
        let of_section = match id {
            SectionId::TcfEuV2 => tc_word(gpp.section(*id)?)?,
            SectionId::TcfEuV1 | SectionId::TcfCaV1 => return None,
            _ => american(&gpp.decode_section(*id).ok()?)?,
        };
        granted = or(granted, of_section.0);
        denied = or(denied, of_section.1);
        sections += 1;
    }
    (sections > 0).then_some((granted, denied))
}

/// The word of an American section.
fn american(section: &Section) -> Option<Word> {
    /// The opt-outs of a section's core, and its GPC where it has one.
    macro_rules! told {
        ($core:expr, $($field:ident),+; $gpc:expr) => {
            word(&[$(&$core.$field),+], $gpc)
        };
    }
    /// Sections with sale and targeted advertising, and with a segment for GPC.
    macro_rules! state {
        ($section:expr) => {
            told!($section.core, sale_opt_out, targeted_advertising_opt_out; $section.gpc)
        };
    }
    Some(match section {
        Section::UspV1(us) => match us.opt_out_sale {
            uspv1::Flag::Yes => (Purposes::NONE, ads()),
            uspv1::Flag::No => (ads(), Purposes::NONE),
            uspv1::Flag::NotApplicable => (Purposes::NONE, Purposes::NONE),
        },
        Section::UsNat(us) => match &us.core {
            usnat::Core::V1(core) => {
                told!(core, sale_opt_out, sharing_opt_out, targeted_advertising_opt_out; us.gpc)
            }
            usnat::Core::V2(core) => {
                told!(core, sale_opt_out, sharing_opt_out, targeted_advertising_opt_out; us.gpc)
            }
            _ => return None,
        },
        Section::UsCa(us) => told!(us.core, sale_opt_out, sharing_opt_out; us.gpc),
        Section::UsVa(us) => told!(us.core, sale_opt_out, targeted_advertising_opt_out; None),
        Section::UsUt(us) => told!(us.core, sale_opt_out, targeted_advertising_opt_out; None),
        Section::UsFl(us) => told!(us.core, sale_opt_out, targeted_advertising_opt_out; None),
        Section::UsCo(us) => state!(us),
        Section::UsCt(us) => state!(us),
        Section::UsMt(us) => state!(us),
        Section::UsOr(us) => state!(us),
        Section::UsTx(us) => state!(us),
        Section::UsDe(us) => state!(us),
        Section::UsIa(us) => state!(us),
        Section::UsNe(us) => state!(us),
        Section::UsNh(us) => state!(us),
        Section::UsNj(us) => state!(us),
        Section::UsTn(us) => state!(us),
        Section::UsMn(us) => state!(us),
        _ => return None,
    })
}

fn word(opt_outs: &[&OptOut], gpc: Option<bool>) -> Word {
    if gpc == Some(true) || opt_outs.iter().any(|o| **o == OptOut::OptedOut) {
        (Purposes::NONE, ads())
    } else if opt_outs.iter().any(|o| **o == OptOut::DidNotOptOut) {
        (ads(), Purposes::NONE)
    } else {
        (Purposes::NONE, Purposes::NONE)
    }
}
