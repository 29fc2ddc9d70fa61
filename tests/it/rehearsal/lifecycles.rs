//! Two hundred customers' lives at a fake Stripe, whose names, ids and amounts must not be shown.

use fake_stripe::{
    ApiVersion, CheckoutSession, Customer, EndForm, FirstPayment, Impossible, Item, Metadata,
    PauseCollection, Payment, Price, Product, Renewal, Stage, Status, Subscription, TrialEnd,
    World,
};

pub(crate) const NOW: i64 = 1_795_564_800;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// An amount that nothing else reaches by chance.
const AMOUNT: i64 = 77_424_243;

/// One customer's life, played at any time.
struct Life<'w> {
    world: &'w mut World,
    /// Ids of all events about it.
    event_ids: &'w mut Vec<String>,
    number: usize,
    customer: String,
    subscription: String,
}

impl Life<'_> {
    fn at<R>(&mut self, ago: i64, act: impl FnOnce(&mut World) -> Result<R, Impossible>) -> R {
        let moment = Stage {
            clock: NOW - ago,
            events_version: ApiVersion::NEWEST,
            namespace: format!("life {}", self.number).into(),
        };
        let (done, event_ids) = self.world.on_stage(&moment, act);
        self.event_ids
            .extend(event_ids.iter().map(ToString::to_string));
        done.expect("it can happen")
    }

    fn session(&self, price: &str) -> CheckoutSession {
        let secret: Metadata = [("note".into(), format!("CanaryNote{}", self.number))]
            .into_iter()
            .collect();
        CheckoutSession {
            customer: Some(self.customer.as_str().into()),
            client_reference_id: Some(format!("CanaryAccount{}", self.number).into()),
            metadata: secret.clone(),
            subscription_metadata: secret,
            items: vec![Item::new(price)],
            ..CheckoutSession::default()
        }
    }

    fn buy(&mut self, ago: i64, change: impl FnOnce(&mut CheckoutSession)) {
        let mut session = self.session("price_secret_pro");
        change(&mut session);
        let bought = self.at(ago, |world| world.checkout(session, Payment::Paid));
        self.subscription = bought.subscription.to_string();
    }

    fn on(&mut self, ago: i64, act: impl FnOnce(&mut World, &str) -> Result<(), Impossible>) {
        let id = self.subscription.clone();
        self.at(ago, |world| act(world, &id));
    }

    fn owes(&mut self, ago: i64) {
        self.on(ago, |world, id| {
            world.renew_subscription(id, Renewal::Draft)
        });
        self.on(ago - HOUR, World::payment_fails);
    }
}

fn life(world: &mut World, event_ids: &mut Vec<String>, number: usize) {
    let customer = format!("cus_Canary{number:04}");
    let mut life = Life {
        world,
        event_ids,
        number,
        customer: customer.clone(),
        subscription: String::new(),
    };
    let made = Customer::new(&customer)
        .email(&format!("canary.{number}@Canary.example"))
        .with(|details| details.name = Some(format!("Canary Lovelace {number}").into()));
    life.at(50 * DAY, |world| Ok(world.create_customer(made)));
    let spread = i64::try_from(number % 5).expect("small") * HOUR;
    match number {
        0..60 => life.buy(20 * DAY + spread, |_| {}),
        60..90 => {
            life.buy(45 * DAY, |_| {});
            life.on(14 * DAY, |world, id| {
                world.renew_subscription(id, Renewal::Paid)
            });
        }
        90..110 => {
            life.buy(20 * DAY, |_| {});
            life.on(10 * DAY, World::cancel_now);
        }
        110..130 => {
            life.buy(20 * DAY, |session| session.trial_days = Some(7));
            life.on(16 * DAY, World::trial_will_end);
            life.on(13 * DAY, |world, id| world.end_trial(id, TrialEnd::Convert));
        }
        130..140 => {
            life.buy(40 * DAY, |_| {});
            life.owes(10 * DAY);
            life.on(9 * DAY, World::recover);
        }
        _ => life.goes_another_way(number, spread),
    }
}

impl Life<'_> {
    /// Lives that no built-in scenario plays.
    fn goes_another_way(&mut self, number: usize, spread: i64) {
        let life = self;
        let customer = life.customer.clone();
        match number {
            // Upgraded while the payment is overdue, and then recovered.
            140..160 => {
                life.buy(40 * DAY, |_| {});
                life.owes(10 * DAY);
                life.on(8 * DAY, |world, id| {
                    world.change_price(id, None, "price_secret_team")
                });
                life.on(7 * DAY - spread, World::recover);
            }
            // Upgraded in the trial, which then converts.
            160..170 => {
                life.buy(20 * DAY, |session| session.trial_days = Some(7));
                life.on(18 * DAY, |world, id| {
                    world.change_price(id, None, "price_secret_team")
                });
                life.on(13 * DAY, |world, id| world.end_trial(id, TrialEnd::Convert));
            }
            // Canceled while collection is paused.
            170..175 => {
                life.buy(20 * DAY, |_| {});
                let void = PauseCollection {
                    behavior: "void".into(),
                    resumes_at: None,
                };
                life.on(15 * DAY, |world, id| world.pause_collection(id, void));
                life.on(10 * DAY, World::cancel_now);
            }
            // Seats increase while the cancellation is scheduled.
            175..179 => {
                life.buy(20 * DAY, |session| {
                    session.items[0].quantity = Some(700 + u32::try_from(number).expect("small"));
                });
                life.on(15 * DAY, |world, id| {
                    world.schedule_cancel(id, EndForm::FlagAndTime)
                });
                life.on(10 * DAY, |world, id| world.change_quantity(id, None, 4_217));
                life.on(9 * DAY, World::keep_subscription);
            }
            // The first payment after a trial fails.
            179..182 => {
                life.buy(20 * DAY, |session| session.trial_days = Some(7));
                life.on(13 * DAY, |world, id| {
                    world.end_trial(id, TrialEnd::PaymentFails)
                });
            }
            // From one plan to a second and a third one.
            182..190 => {
                life.buy(20 * DAY, |_| {});
                life.on(15 * DAY, |world, id| {
                    world.change_price(id, None, "price_secret_team")
                });
                life.on(10 * DAY, |world, id| {
                    world.change_price(id, None, "price_secret_max")
                });
            }
            // Two subscriptions without Checkout.
            190..193 => {
                let first =
                    Subscription::new(&customer, Status::Incomplete).price("price_secret_pro");
                let second = first.clone();
                life.at(20 * DAY, |world| world.subscribe(first, FirstPayment::Paid));
                life.at(15 * DAY, |world| {
                    world.subscribe(second, FirstPayment::Declined)
                });
            }
            _ => life.at(5 * DAY, |world| {
                world.change_email(&customer, "other@Canary.example")
            }),
        }
    }
}

/// Returns a world with the lifecycles of two hundred customers.
pub(crate) fn world() -> World {
    world_with_event_ids().0
}

/// Returns the same world, with the ids of the events about them.
pub(crate) fn world_with_event_ids() -> (World, Vec<String>) {
    let mut world = World::new(NOW);
    world.livemode = true;
    for (plan, amount) in [("pro", AMOUNT), ("team", AMOUNT + 1), ("max", AMOUNT + 2)] {
        let mut price = Price::monthly(&format!("price_secret_{plan}"), amount);
        price.product = world.create_product(Product::new("", &format!("Canary {plan}")));
        world.create_price(price);
    }
    let mut event_ids = Vec::new();
    for number in 0..200 {
        life(&mut world, &mut event_ids, number);
    }
    (world, event_ids)
}
