//! Why somebody has come, and where in the visit they are: what a choice depends on besides the person.

use tradewind_kernel::UtcMillis;

use crate::data::{Season, leaves};
use crate::math::{Latent, blend, direction, dot, month_index};
use crate::rng::{Rng, text_key};
use crate::shop::Shop;
use crate::shopper::{Device, Shopper};

/// Why somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// To look around.
    Browse,
    /// To compare the products of one leaf.
    Research,
    /// To buy again what runs out.
    Replenish,
    /// To find something for somebody else.
    Gift,
    /// To buy one product that they know.
    BuyKnown,
}

impl Intent {
    /// Log-odds that it adds to buying.
    pub(crate) fn urgency(self) -> f64 {
        match self {
            Self::Browse => -0.7,
            Self::Research => -0.2,
            Self::Replenish => 0.9,
            Self::Gift => 0.5,
            Self::BuyKnown => 1.3,
        }
    }
}

/// A moment in a visit. Together with the shopper and a list it decides everything in [`Shop::respond`].
#[derive(Debug, Clone)]
pub struct SessionContext {
    /// The visit's number; another number is another draw of the same shopper's luck.
    pub session: u64,
    /// The how-manieth list of the visit this is, from 0; each has its own luck.
    pub step: u32,
    /// The time, for the season.
    pub at: UtcMillis,
    /// What the shopper uses.
    pub device: Device,
    /// Why they have come.
    pub intent: Intent,
    /// The leaf that they are after, an index into [`Shop::leaves`].
    pub leaf: Option<u16>,
    /// The product that they have come for, an index into [`Shop::products`].
    pub wanted: Option<u32>,
    /// What they have in mind this time: near their taste, or near somebody else's for a gift. Length 1.
    pub aim: Latent,
    /// Products seen in this visit, the latest last.
    pub viewed: Vec<u32>,
    /// Products in the cart.
    pub cart: Vec<u32>,
}

impl Shop {
    /// The start of a shopper's visit with this number: a function of the shopper, `session` and `at`.
    #[must_use]
    pub fn visit(&self, shopper: &Shopper, session: u64, at: UtcMillis) -> SessionContext {
        let mut rng = Rng::new(&[shopper.key, session, text_key("visit")]);
        let december = [0.0, 0.0, 0.0, 0.0, 0.03, 0.0, 0.0, 0.0, 0.0, 0.02, 0.14, 0.25][month_index(at)];
        let regular = if shopper.returning { 1.0 } else { 0.2 };
        let kinds = [
            (Intent::Browse, 0.36),
            (Intent::Research, 0.38),
            (Intent::Replenish, 0.10 * regular),
            (Intent::Gift, 0.08 + december),
            (Intent::BuyKnown, 0.07 * regular + 0.02),
        ];
        let intent = kinds[rng.weighted(&kinds.map(|(_, weight)| weight))].0;
        let leaf = self.leaf_for(shopper, intent, at, &mut rng);
        let mood = direction(&mut rng);
        let aim = match intent {
            Intent::Gift => blend(&[(0.6, &self.leaves[leaf].latent), (0.9, &mood)]),
            Intent::Browse => blend(&[(0.9, &shopper.taste), (0.3, &self.leaves[leaf].latent), (0.5, &mood)]),
            _ => blend(&[(0.5, &shopper.taste), (0.6, &self.leaves[leaf].latent), (0.6, &mood)]),
        };
        let device = if rng.chance(0.88) {
            shopper.device
        } else {
            [Device::Mobile, Device::Desktop][usize::from(shopper.device == Device::Mobile)]
        };
        let knows = match intent {
            Intent::BuyKnown => true,
            Intent::Replenish => rng.chance(0.7),
            _ => false,
        };
        let known = knows.then(|| self.favourite(shopper, leaf));
        SessionContext {
            session,
            step: 0,
            at,
            device,
            intent,
            leaf: u16::try_from(leaf).ok(),
            wanted: known.flatten(),
            aim,
            viewed: Vec::new(),
            cart: Vec::new(),
        }
    }

    /// The leaf that a visit is about.
    fn leaf_for(&self, shopper: &Shopper, intent: Intent, at: UtcMillis, rng: &mut Rng) -> usize {
        let month = month_index(at);
        let weights: Vec<f64> = leaves()
            .zip(&self.leaves)
            .map(|(spec, leaf)| {
                let liked = 1.6 * dot(&shopper.taste, &leaf.latent);
                let home = if shopper.departments.contains(&leaf.department) { 0.9 } else { 0.0 };
                let fit = match intent {
                    Intent::Replenish if !spec.consumable => -6.0,
                    Intent::Gift if spec.season != Season::Gift => -2.0,
                    _ => 0.0,
                };
                libm::sqrt(spec.weight) * libm::exp(liked + home + fit + spec.season.curve()[month])
            })
            .collect();
        rng.weighted(&weights)
    }

    /// The product of the leaf that the shopper knows and likes: the best of five, the same at every visit.
    fn favourite(&self, shopper: &Shopper, leaf: usize) -> Option<u32> {
        let mut rng = Rng::new(&[shopper.key, text_key("favourite"), leaf as u64]);
        let members = &self.leaves[leaf].members;
        let known: Vec<u32> = (0..5).filter_map(|_| members.get(rng.below(members.len())).copied()).collect();
        let liking = |item: u32| {
            let truth = self.truth(item);
            dot(&shopper.taste, &truth.latent) + truth.quality + if self.in_stock(item) { 2.0 } else { 0.0 }
        };
        known.into_iter().max_by(|&a, &b| liking(a).total_cmp(&liking(b)))
    }
}
