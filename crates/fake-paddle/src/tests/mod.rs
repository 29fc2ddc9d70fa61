//! The fake as a client sees it: its events in order, and its API over HTTP on the loopback interface.

mod lifecycles;
mod requests;

use serde_json::json;

use crate::{Checkout, Price, Product, Stage, World};

/// 1 October 2026.
const NOW: i64 = 1_790_812_800;

fn world() -> World {
    let mut world = World::new(NOW);
    world.product(Product::new("pro_pro", "Pro"));
    world.price(Price::monthly("pri_pro", "pro_pro", 2900));
    world.price(Price::yearly("pri_year", "pro_pro", 29_000));
    world.price(Price::one_time("pri_once", "pro_pro", 500));
    world
}

fn checkout(customer: &str) -> Checkout {
    Checkout {
        customer: customer.to_owned(),
        items: vec![("pri_pro".to_owned(), 1)],
        custom_data: Some(json!({"userId": "7"})),
        ..Checkout::default()
    }
}

/// Runs operations, and returns the types of their events.
fn events(world: &mut World, acts: impl FnOnce(&mut World)) -> Vec<String> {
    let stage = Stage {
        clock: world.clock,
        namespace: "life".into(),
    };
    let ((), ids) = world.on_stage(&stage, acts);
    let kind = |id: &compact_str::CompactString| {
        let event = world.find_event(id).expect("an event");
        event.event_type.clone()
    };
    ids.iter().map(kind).collect()
}
