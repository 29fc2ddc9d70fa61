//! The world that the scripts in this folder expect.

use fake_paddle::FakePaddle;
use fake_stripe::{
    Certificates, Customer, FakeStripe, Price, Product, Status, Subscription, World,
};

/// 1 October 2026.
const NOW: i64 = 1_790_812_800;

pub(crate) fn open() -> FakeStripe {
    FakeStripe::start_anywhere(world()).expect("a free port")
}

pub(crate) fn over_tls(certificates: Certificates) -> FakeStripe {
    let anywhere = ([127, 0, 0, 1], 0).into();
    FakeStripe::start_over_tls(anywhere, world(), certificates).expect("a free port")
}

fn world() -> World {
    let mut world = World::new(NOW);
    world.product(Product::new("prod_pro", "Pro"));
    world.price(Price::monthly("price_pro", 2000).product("prod_pro"));
    world.price(Price::yearly("price_year", 20_000).product("prod_pro"));
    world.customer(Customer::new("cus_1").email("one@example.com"));
    for number in 1..=25 {
        world.subscription(
            Subscription::new(&format!("cus_{number}"), Status::Active)
                .id(&format!("sub_{number}"))
                .price("price_pro"),
        );
    }
    world
}

/// Serves a Paddle account with 25 subscriptions.
pub(crate) fn open_paddle() -> FakePaddle {
    let mut world = fake_paddle::World::new(NOW);
    world.product(fake_paddle::Product::new("pro_pro", "Pro"));
    world.price(fake_paddle::Price::monthly("pri_pro", "pro_pro", 2000));
    for number in 1..=25 {
        let customer = world.create_customer(&format!("{number}@example.com"));
        let bought = world.buy(&fake_paddle::Checkout {
            customer,
            items: vec![("pri_pro".to_owned(), 1)],
            ..fake_paddle::Checkout::default()
        });
        bought.expect("a purchase");
    }
    FakePaddle::start_anywhere(world).expect("a free port")
}
