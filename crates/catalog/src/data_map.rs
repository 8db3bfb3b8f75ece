//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::{Inventory, Level, Product, Stock, Variant};
stored! {
    pub(crate) static PRODUCT: struct Product, "log/ and state/products", Shop {
        id: Shop, Operation, "The shop's own id; what events and decisions name it by.";
        title: Shop, Operation, "What shoppers read.";
        description: Shop, Operation, "A few sentences, plain text.";
        category_path: Shop, Operation, "From the root of the category tree to the leaf.";
        brand: Shop, Operation, "Who makes it.";
        price: Shop, Operation, "What it is sold for.";
        cost: Shop, Operation, "What the shop pays for it.";
        image_url: Shop, Operation, "Its picture: a path or an address.";
        url: Shop, Operation, "Its page.";
        attributes: Shop, Operation, "Attributes such as `color`, `material`.";
        variants: Shop, Operation, "What can be bought.";
        compatible_with: Shop, Operation, "Ids of parts and accessories that fit it.";
        availability: Shop, Operation, "Whether it can be had.";
        origin: Shop, Operation, "Who told us about it.";
        updated_at: Shop, Operation, "When it was last written; for imports, the time of the row that did it.";
        list_price: Shop, Operation, "What it was sold for before, where it is reduced now.";
    }
}

stored! {
    pub(crate) static VARIANT: struct Variant, "log/ and state/products, in a product", Shop {
        sku: Shop, Operation, "The stock-keeping unit.";
        title: Shop, Operation, "What sets it apart, such as `M / navy`.";
        price: Shop, Operation, "Its price where it differs from the product's.";
        stock: Shop, Operation, "What is on hand, by location.";
        inventory: Shop, Operation, "How it is counted, where the shop's system tells of stock piece by piece; `stock` then follows from it.";
    }
}

stored! {
    pub(crate) static STOCK: struct Stock, "log/ and state/products, in a variant", Shop {
        location: Shop, Operation, "The warehouse or shop.";
        quantity: Shop, Operation, "Pieces that can be sold.";
    }
}

stored! {
    pub(crate) static LEVEL: struct Level, "log/ and state/products, in an inventory", Shop {
        location: Shop, Operation, "The warehouse or shop.";
        quantity: Shop, Operation, "Pieces that can be sold; none if more were sold than there were.";
        at: Shop, Operation, "When it was counted.";
    }
}

stored! {
    pub(crate) static INVENTORY: struct Inventory, "log/ and state/products, in a variant", Shop {
        item: Shop, Operation, "What levels name it by.";
        always_sold: Shop, Operation, "Whether it can be bought whatever is on hand: not counted, or sold on order.";
        total: Shop, Operation, "Pieces at all locations together, as told with the product.";
        total_at: Shop, Operation, "When the total was told.";
        levels: Shop, Operation, "The latest level of each location, in the order of their first mention.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[&PRODUCT, &VARIANT, &STOCK, &LEVEL, &INVENTORY];
