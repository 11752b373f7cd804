/**
 * An invented telecom operator: who its customers are on a given day, and which of them leave.
 *
 * Nothing is stored. A customer is computed from (seed, slot, day), so any number of rows costs no memory, the
 * first 500 rows of a large file are the rows of a small one, and the same arguments give the same bytes.
 */
import { mix, Random, type Weighted } from './random.js';

export interface Customer {
  readonly customerId: string;
  readonly customerName: string;
  readonly city: string;
  readonly region: string;
  readonly plan: string;
  readonly contract: string;
  readonly paymentMethod: string;
  /** Days since 1970-01-01. */
  readonly signupDay: number;
  readonly senior: number;
  readonly dependents: number;
  readonly tenureMonths: number;
  readonly monthlyCents: number;
  /** Undefined until the first invoice. */
  readonly totalCents: number | undefined;
  /** Undefined when the meter did not report. */
  readonly dataGb: number | undefined;
  readonly voiceMinutes: number;
  readonly roamingDays: number;
  readonly supportCalls: number;
  readonly latePayments: number;
  readonly discountPercent: number;
  readonly deviceAgeMonths: number;
  readonly hasFibre: boolean;
  readonly hasTv: boolean;
  readonly paperless: boolean;
  /** Undefined when the customer was never surveyed. */
  readonly satisfaction: number | undefined;
  /** What nobody measures, uniform in [0, 1): settles whether the customer leaves. */
  readonly luck: number;
}

const PLANS: Weighted<{ name: string; cents: number; lines: number }> = [
  [{ name: 'Solo', cents: 1490, lines: 1 }, 0.3],
  [{ name: 'Solo, unlimited', cents: 2690, lines: 1 }, 0.24],
  [{ name: 'Pair, 2 lines', cents: 3390, lines: 2 }, 0.2],
  [{ name: 'Family, 4 lines', cents: 5590, lines: 4 }, 0.16],
  [{ name: 'Student "Flex"', cents: 1190, lines: 1 }, 0.1],
];
const PAYMENT_METHODS: Weighted<string> = [
  ['direct debit', 0.42],
  ['card', 0.27],
  ['bank transfer', 0.13],
  ['paper invoice', 0.12],
  ['cash at café or kiosk', 0.06],
];
const CONTRACTS_OF_LONG_STAYS: Weighted<string> = [
  ['month-to-month', 0.42],
  ['one year', 0.27],
  ['two years', 0.31],
];
const CONTRACTS_OF_SHORT_STAYS: Weighted<string> = [
  ['month-to-month', 0.82],
  ['one year', 0.15],
  ['two years', 0.03],
];
const DISCOUNTS: Weighted<number> = [
  [0, 0.55],
  [5, 0.18],
  [7.5, 0.12],
  [10, 0.09],
  [12.5, 0.06],
];
/** Largest first: `frequentFirst` prefers the head of a list. */
const CITIES: readonly { name: string; region: string }[] = [
  { name: 'Grünhafen', region: 'north' },
  { name: 'Saint-Élan', region: 'west' },
  { name: 'Valdeçà', region: 'south' },
  { name: 'Šumvár', region: 'east' },
  { name: 'Østervig', region: 'north' },
  { name: 'Kéréval', region: 'west' },
  { name: 'Piñares', region: 'south' },
  { name: 'Żółtobór', region: 'east' },
  { name: 'Porto Névoa', region: 'islands' },
  { name: 'Lindvåg', region: 'north' },
  { name: 'Bréhoux', region: 'west' },
  { name: 'Córbola', region: 'south' },
  { name: 'Říčkov', region: 'east' },
  { name: "L'Île-d'Ambre", region: 'islands' },
];
const GIVEN_NAMES = (
  'María José Zoë André Łucja Søren Jürgen Chloé Åsa Nuno Inês Tomáš Élodie Óscar Iñaki Renée Björn Aïcha ' +
  'Pedro Hanna Livia Marek Greta Théo Nadia Olle Clara Hugo Ines Viktor'
).split(' ');
const FAMILY_NAMES = (
  "Núñez Müller Ibáñez Lefèvre O'Farrell Dvořák Østby Gonçalves Wójcik D'Ambrósio Hernández Ångström Çelik " +
  'Schäfer Benoît Peña Kovács Bauer Moreau Silva Novak Lind Rossi Castell Varga Duarte Weiß Jansen Holm Ferrer'
).split(' ');
const NICKNAMES = 'Mia Pepe Zuzu Nono Fredi Lulu Tito Kiki Momo Bibi'.split(' ');

const DAYS_PER_MONTH = 30.4375;
const HOLDERS_PER_ACCOUNT = 10;
/** 2026-11-19 in days since 1970-01-01: prices and habits drift from here. */
const DRIFT_ORIGIN = 20_776;
const LONGEST_DRIFT_DAYS = 60;

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The customer who holds a slot on a day. Each slot passes to a newcomer whenever its holder's stay is over. */
export function customerAt(seed: number, slot: number, day: number): Customer {
  const slotSeed = mix(mix(seed, 0x51ab), slot);
  const stay = new Random(slotSeed);
  const isShortStay = stay.chance(0.35);
  const stayDays = Math.floor(isShortStay ? stay.between(20, 150) : stay.between(200, 3600));
  const age = day + Math.floor(stay.uniform() * stayDays);
  const holder = Math.floor(age / stayDays);
  const tenureDays = age - holder * stayDays;
  const tenureMonths = Math.floor(tenureDays / DAYS_PER_MONTH);

  // Traits stay with the customer. The order of the draws is part of the data: append, never insert.
  const traits = new Random(mix(slotSeed, holder));
  const customerName = nameOf(traits);
  const { name: city, region } = traits.frequentFirst(CITIES);
  const isSenior = traits.chance(0.17);
  const plan = traits.weighted(PLANS);
  const contract = traits.weighted(isShortStay ? CONTRACTS_OF_SHORT_STAYS : CONTRACTS_OF_LONG_STAYS);
  const paymentMethod = traits.weighted(PAYMENT_METHODS);
  const hasFibre = traits.chance(region === 'islands' ? 0.25 : 0.58);
  const hasTv = traits.chance(hasFibre ? 0.5 : 0.2);
  const paperless = paymentMethod !== 'paper invoice' && traits.chance(0.72);
  const discountPercent = traits.weighted(DISCOUNTS) + (contract === 'two years' ? 5 : 0);
  const dependents = Math.floor(traits.uniform() * (plan.lines === 1 ? 1.4 : plan.lines));
  const appetite = Math.exp(0.7 * traits.bell()) * (hasFibre ? 1.4 : 1);
  const talk = traits.uniform();
  const trouble = 3.4 * traits.uniform() ** 2 + (hasFibre ? 0.3 : 0);
  const arrears = traits.uniform() ** 3 * (paymentMethod === 'direct debit' ? 1.6 : 5);
  const opinion = Math.round(clamp(4.1 + 0.9 * traits.bell() - 0.45 * trouble, 1, 5));
  const answersSurveys = traits.chance(0.85);
  const deviceAgeAtSignup = traits.between(0, 30);
  const travels = traits.chance(0.3);
  const haggling = traits.between(0.95, 1.08);
  const olderPrices = traits.between(0.86, 0.98);
  const luck = traits.uniform();

  // What the last thirty days looked like moves a little from one day to the next.
  const today = new Random(mix(mix(slotSeed, holder), day));
  const drift = clamp(day - DRIFT_ORIGIN, -LONGEST_DRIFT_DAYS, LONGEST_DRIFT_DAYS);
  const roamingDays = travels ? Math.floor(9 * today.uniform() ** 2) : 0;
  const listPrice = plan.cents + (hasFibre ? 2190 : 0) + (hasTv ? 1350 : 0);
  const netPrice = listPrice * haggling * (1 - discountPercent / 100) * (1 + 0.003 * drift);
  const meterReported = !today.chance(0.025);
  const dataGb = 9 * plan.lines ** 0.7 * appetite * today.between(0.92, 1.08) * (1 + 0.002 * drift);

  return {
    customerId: `C-${String(slot * HOLDERS_PER_ACCOUNT + (holder % HOLDERS_PER_ACCOUNT)).padStart(7, '0')}`,
    customerName,
    city,
    region,
    plan: plan.name,
    contract,
    paymentMethod,
    signupDay: day - tenureDays,
    senior: isSenior ? 1 : 0,
    dependents,
    tenureMonths,
    monthlyCents: Math.round(netPrice),
    totalCents:
      tenureDays < 7 ? undefined : Math.round((netPrice * olderPrices * tenureDays) / DAYS_PER_MONTH),
    dataGb: meterReported ? dataGb : undefined,
    voiceMinutes: 620 * talk ** 2 * (isSenior ? 1.5 : 1) * plan.lines ** 0.5 * today.between(0.9, 1.1),
    roamingDays,
    supportCalls: Math.floor(Math.max(0, trouble + 0.02 * drift + today.between(-0.2, 0.5))),
    latePayments: Math.floor(arrears * Math.min(1, 0.3 + tenureMonths / 12)),
    discountPercent,
    deviceAgeMonths: Math.floor(deviceAgeAtSignup + tenureDays / DAYS_PER_MONTH) % 49,
    hasFibre,
    hasTv,
    paperless,
    satisfaction: answersSurveys && tenureDays >= 20 ? opinion : undefined,
    luck,
  };
}

function nameOf(random: Random): string {
  const given = random.pick(GIVEN_NAMES);
  const family = random.pick(FAMILY_NAMES);
  const style = random.uniform();
  if (style < 0.35) return `${given} ${family}`;
  if (style < 0.75) return `${family}, ${given}`;
  if (style < 0.85) return `${family} ${random.pick(FAMILY_NAMES)}, ${given}`;
  return `${family}, ${given} "${random.pick(NICKNAMES)}"`;
}

/** Whether the customer leaves within the month after the day described. */
export function churns(customer: Customer): boolean {
  return customer.luck < churnProbability(customer);
}

export function churnProbability(customer: Customer): number {
  let score = -1.65;
  if (customer.contract === 'month-to-month') score += 1.1;
  if (customer.contract === 'two years') score -= 1.3;
  score -= 0.035 * Math.min(customer.tenureMonths, 60);
  score += 0.33 * customer.supportCalls;
  score += 0.4 * customer.latePayments;
  score += 0.55 * (3.4 - (customer.satisfaction ?? 3));
  score += 0.00014 * (customer.monthlyCents - 4200);
  if (customer.paymentMethod === 'paper invoice' || customer.paymentMethod.startsWith('cash')) score += 0.6;
  if (customer.deviceAgeMonths > 24) score += 0.35;
  if (customer.hasTv) score -= 0.35;
  if (customer.region === 'islands') score -= 0.4;
  score -= 0.15 * customer.dependents;
  return 1 / (1 + Math.exp(-score));
}
