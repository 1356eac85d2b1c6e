/* National holidays and bank business days.
 *
 * National holidays: Lei 662/1949 as worded by Lei 10.607/2002 (1 January, 21 April, 1 May, 7 September, 2 and 15
 * November, 25 December), Lei 6.802/1980 (12 October), Lei 14.759/2023 (20 November, from 2024 on), and Good Friday, kept
 * everywhere under Lei 9.093/1995. Banks also close on Carnival Monday and Tuesday and on Corpus Christi (Resolução CMN
 * 4.880/2020); those are no holidays for anybody else unless a state or city says so (calendar.h). The rules of today are
 * applied to every year, except that 20 November starts in 2024.
 *
 * All functions accept RG_DAY_NONE and hand it back; so does whatever would leave the years 1900–2199. */
#pragma once

#include "brazil/days/date.h"

/* The holiday's name or NULL. */
const char *rg_holiday_national(rg_day day);
/* Name of a day on which only banks close, or NULL. */
const char *rg_holiday_bank_only(rg_day day);

bool rg_bank_day(rg_day day);

/* The day itself when it is a bank day, else the nearest one after or before it. */
rg_day rg_bank_following(rg_day day);
rg_day rg_bank_preceding(rg_day day);

/* The n-th bank day after `day` (before it when n < 0). The first day does not count, be it a bank day or not: one bank day
 * after a Saturday is Monday. n == 0 is `day` itself, unmoved. */
rg_day rg_bank_add(rg_day day, int n);

/* Bank days after `from` up to and including `to`, negative when `to` comes first: the inverse of rg_bank_add. Zero when
 * either is RG_DAY_NONE. */
int rg_bank_count(rg_day from, rg_day to);

/* Whether it is the year's last bank day, on which branches do not serve the public. */
bool rg_bank_last_of_year(rg_day day);

/* The last day on which a title due on `due` is paid without charges: the next bank day (Lei 7.089/1983 art. 1) and, where
 * `last_bank_day_of_year` is set, never the year's last one but the first of the next year (FEBRABAN). */
rg_day rg_bank_payable(rg_day due, bool last_bank_day_of_year);
