//! Which names say that a value is personal.

use rustc_hash::FxHashSet;

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Anywhere else.
    Plain,
    /// In what is said of a group of people, such as a company.
    Group,
    /// In what is said of a person: `traits`, `customer`, …
    Person,
    /// In what is said of where to send or bill something.
    Place,
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Email,
    Phone,
    /// Of a person, whatever its form.
    Personal,
    /// An object, or a list of them, that tells of a person.
    Person,
    /// An object that tells where to send something, a price otherwise.
    Place,
    /// Nothing.
    Free,
}

/// The longest name that is looked at, in letters and digits.
const MAX_NAME: usize = 32;

/// A name's letters and digits in lower case.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a name says where it stands. Costs no allocation.
pub(super) fn class_of(name: &[u8], zone: Zone, more: &FxHashSet<String>) -> Class {
    let mut letters = [0_u8; MAX_NAME];
    let mut length = 0;
    for &byte in name {
        if byte.is_ascii_alphanumeric() {
            if length == MAX_NAME {
                return if is_more(name, more) { Class::Personal } else { Class::Free };
            }
            letters[length] = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    match of_letters(&letters[..length], zone) {
        Class::Free if is_more(name, more) => Class::Personal,
        class => class,
    }
}

fn is_more(name: &[u8], more: &FxHashSet<String>) -> bool {
    !more.is_empty() && std::str::from_utf8(name).is_ok_and(|name| more.contains(&plain(name)))
}

fn of_letters(letters: &[u8], zone: Zone) -> Class {
    match letters {
        b"email" | b"emails" | b"mail" | b"emailaddress" | b"emailaddresses" | b"useremail"
        | b"customeremail" | b"contactemail" | b"billingemail" | b"shippingemail" | b"primaryemail"
        | b"workemail" | b"newemail" | b"oldemail" => Class::Email,
        b"phone" | b"phones" | b"phonenumber" | b"phonenumbers" | b"mobile" | b"mobilephone"
        | b"mobilenumber" | b"telephone" | b"tel" | b"cellphone" | b"homephone" | b"workphone"
        | b"contactphone" | b"customerphone" | b"userphone" | b"billingphone" | b"shippingphone"
        | b"smsnumber" | b"whatsapp" => Class::Phone,
        b"firstname"
        | b"lastname"
        | b"middlename"
        | b"fullname"
        | b"surname"
        | b"familyname"
        | b"givenname"
        | b"maidenname"
        | b"username"
        | b"nickname"
        | b"customername"
        | b"contactname"
        | b"birthday"
        | b"birthdate"
        | b"dateofbirth"
        | b"dob"
        | b"ssn"
        | b"taxid"
        | b"nationalid"
        | b"passportnumber"
        | b"iban"
        | b"sha256emailaddress"
        | b"sha256phonenumber"
        | b"sha256firstname"
        | b"sha256lastname"
        | b"sha256street"
        | b"emailhash"
        | b"hashedemail"
        | b"emailsha256"
        | b"emailmd5"
        | b"phonehash"
        | b"hashedphone"
        | b"phonesha256"
        | b"address"
        | b"addresses"
        | b"shippingaddress"
        | b"billingaddress"
        | b"deliveryaddress"
        | b"defaultaddress"
        | b"homeaddress"
        | b"postaladdress"
        | b"useraddress"
        | b"street"
        | b"streetaddress"
        | b"streetname"
        | b"street1"
        | b"street2"
        | b"address1"
        | b"address2"
        | b"addressline1"
        | b"addressline2"
        | b"postalcode"
        | b"postcode"
        | b"zip"
        | b"zipcode" => Class::Personal,
        b"traits" | b"set" | b"setonce" | b"user" | b"customer" | b"person" | b"userdata"
        | b"userproperties" | b"recipient" | b"buyer" | b"shopper" | b"contact" => Class::Person,
        b"shipping" | b"billing" | b"delivery" | b"destination" => Class::Place,
        b"name" if matches!(zone, Zone::Person | Zone::Place) => Class::Personal,
        b"avatar" | b"initials" | b"displayname" if zone == Zone::Person => Class::Personal,
        b"city" | b"state" | b"province" | b"provincecode" | b"region" | b"county" | b"country"
        | b"countrycode" | b"company" | b"latitude" | b"longitude" | b"line1" | b"line2" | b"housenumber"
            if zone == Zone::Place =>
        {
            Class::Personal
        }
        _ => Class::Free,
    }
}

/// Whether some name of those above ends in these letters, in lower case. `name` alone does not count: it is
/// in every event, and personal only within something that another name opens.
pub(super) const fn is_ending(a: u8, b: u8) -> bool {
    matches!(
        (a, b),
        (b'i', b'l')
            | (b'l', b's')
            | (b's', b's')
            | (b'e', b's')
            | (b'n', b'e')
            | (b'e', b'r')
            | (b'r', b's')
            | (b'l', b'e')
            | (b'e', b'l')
            | (b'p', b'p')
            | (b'm', b'e')
            | (b'a', b'y')
            | (b't', b'e')
            | (b't', b'h')
            | (b'o', b'b')
            | (b's', b'n')
            | (b'i', b'd')
            | (b'a', b'n')
            | (b's', b'h')
            | (b'5', b'6' | b'5')
            | (b'd', b'5')
            | (b'e', b't')
            | (b's', b'1' | b'2')
            | (b't', b'1' | b'2')
            | (b'e', b'1' | b'2')
            | (b'd', b'e')
            | (b'i', b'p')
            | (b't', b's')
            | (b'c', b'e')
            | (b'o', b'n')
            | (b't', b'a')
            | (b'n', b't')
            | (b'c', b't')
            | (b'n', b'g')
            | (b'r', b'y')
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All names, read out of this file, so that none is forgotten in the other list.
    fn all() -> Vec<&'static str> {
        let source = include_str!("names.rs");
        let body = source.split("fn of_letters").nth(1).unwrap().split("_ => Class::Free").next().unwrap();
        let names = body.split("b\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        names.collect()
    }

    #[test]
    fn every_name_has_its_ending_in_the_quick_look() {
        assert!(all().len() > 100);
        for name in all() {
            let [.., a, b] = name.as_bytes() else { panic!("{name} is too short") };
            let zoned = of_letters(name.as_bytes(), Zone::Plain) == Class::Free;
            assert!(zoned || is_ending(*a, *b), "{name}");
        }
    }

    #[test]
    fn spelling_does_not_count_and_places_do() {
        let none = FxHashSet::default();
        let class = |name: &str, zone| class_of(name.as_bytes(), zone, &none);
        for name in ["firstName", "first_name", "First Name", "$first_name", "FIRSTNAME"] {
            assert_eq!(class(name, Zone::Plain), Class::Personal, "{name}");
        }
        assert_eq!(class("name", Zone::Plain), Class::Free);
        assert_eq!(class("name", Zone::Group), Class::Free);
        assert_eq!(class("name", Zone::Person), Class::Personal);
        assert_eq!(class("city", Zone::Place), Class::Personal);
        assert_eq!(class("product_name", Zone::Person), Class::Free);
        let more = [plain("Loyalty-Card")].into_iter().collect();
        assert_eq!(class_of(b"loyalty_card", Zone::Plain, &more), Class::Personal);
    }
}
