//! Through what a shopper comes: devices, channels, country.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::facts::{Arrival, Channel, Country, Device};

/// Through what a shopper comes. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// Devices with their events, at most one entry each.
    pub devices: Vec<(Device, u32)>,
    /// The channel of the first touch.
    pub first_channel: Option<Channel>,
    /// When that was.
    pub first_channel_at: UtcMillis,
    /// The channel of the latest touch.
    pub last_channel: Option<Channel>,
    /// When that was.
    pub last_channel_at: UtcMillis,
    /// The country of the latest event that told one.
    pub country: Option<Country>,
}

impl Reach {
    /// Folds in how an event came.
    pub(crate) fn apply(&mut self, at: UtcMillis, arrival: Arrival) {
        if let Some(device) = arrival.device {
            self.count(device, 1);
        }
        if let Some(channel) = arrival.channel {
            self.touch(channel, at);
        }
        self.country = arrival.country.or(self.country);
    }

    fn count(&mut self, device: Device, events: u32) {
        if let Some((_, count)) = self.devices.iter_mut().find(|(known, _)| *known == device) {
            *count = count.saturating_add(events);
        } else if self.devices.len() < Device::ALL.len() {
            self.devices.push((device, events));
        }
    }

    fn touch(&mut self, channel: Channel, at: UtcMillis) {
        if self.first_channel.is_none() || at < self.first_channel_at {
            (self.first_channel, self.first_channel_at) = (Some(channel), at);
        }
        if self.last_channel.is_none() || at >= self.last_channel_at {
            (self.last_channel, self.last_channel_at) = (Some(channel), at);
        }
    }

    /// The device that most events came from.
    #[must_use]
    pub fn usual_device(&self) -> Option<Device> {
        let most = self.devices.iter().max_by_key(|(device, count)| (*count, std::cmp::Reverse(*device)));
        most.map(|(device, _)| *device)
    }

    /// Takes in another's.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (device, events) in &other.devices {
            self.count(*device, *events);
        }
        if let Some(channel) = other.first_channel {
            self.touch(channel, other.first_channel_at);
        }
        if let Some(channel) = other.last_channel {
            self.touch(channel, other.last_channel_at);
        }
        self.country = self.country.or(other.country);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(channel: Channel) -> Arrival {
        Arrival { channel: Some(channel), ..Arrival::default() }
    }

    #[test]
    fn first_and_last_touch_go_by_time() {
        let mut reach = Reach::default();
        reach.apply(UtcMillis::new(50), came(Channel::Email));
        reach.apply(UtcMillis::new(90), came(Channel::Direct));
        let mut other = Reach::default();
        other.apply(UtcMillis::new(10), came(Channel::Paid));
        let phone =
            Arrival { device: Some(Device::Phone), country: Country::parse("DE"), ..came(Channel::Search) };
        other.apply(UtcMillis::new(60), phone);
        reach.absorb(&other);
        assert_eq!((reach.first_channel, reach.last_channel), (Some(Channel::Paid), Some(Channel::Direct)));
        assert_eq!((reach.usual_device(), reach.country), (Some(Device::Phone), Country::parse("DE")));
    }
}
