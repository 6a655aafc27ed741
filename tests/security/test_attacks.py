"""The attacks this suite withstands, by number, and the tests that show it.

From the security notices of OAuth libraries and RFC 9700; sections of the latter in brackets.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

ATTACKS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "a callback without one plain state [4.7]",
        ("test_a_callback_without_one_plain_state_is_refused_before_the_database_is_asked",),
    ),
    2: (
        "a state brought into another browser [4.7]",
        ("test_a_state_is_refused_in_another_browser_of_the_same_user",),
    ),
    3: (
        "a state of another user [4.7]",
        ("test_a_state_is_refused_when_the_session_belongs_to_another_user_by_now",),
    ),
    4: (
        "beginning signed out; state and session fixation",
        (
            "test_nobody_begins_or_returns_who_is_not_signed_in",
            "test_nobody_begins_unless_signed_in_and_nobody_returns_signed_out",
            "test_signing_in_does_not_make_a_state_begun_elsewhere_valid",
        ),
    ),
    5: ("a callback sent twice", ("test_a_callback_sent_twice_exchanges_its_code_once",)),
    6: ("a callback sent twice at once", ("test_a_callback_sent_twice_at_once_exchanges_its_code_once",)),
    7: ("an old state", ("test_a_state_past_its_time_is_refused_and_its_row_wiped_and_purged",)),
    8: (
        "platforms mixed up [4.4]",
        ("test_a_state_of_one_platform_is_refused_on_the_callback_of_another",),
    ),
    9: ("another issuer, RFC 9207 [4.4]", ("test_an_issuer_that_is_not_the_platform_is_refused",)),
    10: (
        "an injected code [4.5, 4.8]",
        (
            "test_a_code_of_somebody_elses_round_trip_fails_for_want_of_its_verifier",
            "test_a_verifier_is_sent_with_every_code_that_had_a_challenge_and_is_new_each_time",
        ),
    ),
    11: (
        "parameters smuggled into the authorization",
        ("test_nothing_in_the_request_changes_what_is_asked_of_the_platform",),
    ),
    12: (
        "open redirection [4.11]",
        (
            "test_an_address_to_go_on_to_leads_nowhere_but_here",
            "test_an_unsafe_address_that_came_into_a_row_is_not_followed_either",
        ),
    ),
    13: (
        "a changed address to return to [4.1]",
        (
            "test_the_address_to_return_to_is_the_same_to_the_letter_at_both_ends",
            "test_the_address_to_return_to_is_https_in_production",
            "test_the_address_to_return_to_follows_no_host_the_request_claims",
        ),
    ),
    14: (
        "connecting somebody else's account",
        ("test_connecting_somebody_elses_account_leaves_the_first_owners_row_as_it_was",),
    ),
    15: (
        "racing for an account",
        ("test_two_owners_racing_for_one_account_end_in_a_row_per_allowed_owner_and_a_coded_refusal",),
    ),
    16: (
        "taking over a handle",
        (
            "test_an_account_is_known_by_its_permanent_id_never_by_its_handle",
            "test_account_ids_are_the_same_only_to_the_letter",
        ),
    ),
    17: ("a token of another app", ("test_a_token_made_for_another_app_is_refused",)),
    18: (
        "forged requests to act",
        (
            "test_beginning_is_a_post_with_a_token_of_this_site",
            "test_nothing_is_done_to_an_account_by_get_or_without_a_token_of_this_site",
            "test_nothing_is_published_by_get_or_without_a_token_of_this_site",
            "test_the_json_client_begins_by_get_which_answers_an_address_and_does_nothing_else",
            "test_no_page_but_the_webhooks_goes_without_a_csrf_token",
        ),
    ),
    19: (
        "reaching for other people's accounts",
        (
            "test_other_peoples_accounts_do_not_exist",
            "test_other_peoples_accounts_cannot_be_published_with",
            "test_other_peoples_round_trips_do_not_exist",
        ),
    ),
    20: (
        "scopes claimed in the callback",
        ("test_scopes_are_what_the_platform_says_never_what_the_callback_says",),
    ),
    21: (
        "printing, pickling and serialising",
        (
            "test_an_account_shows_no_secret_in_any_of_its_forms",
            "test_values_that_carry_tokens_show_none",
            "test_errors_show_no_secret",
        ),
    ),
    22: (
        "dumps, admin, forms, JSON and error reports",
        (
            "test_a_dump_of_the_data_holds_no_secret",
            "test_a_form_made_of_the_model_shows_no_secret",
            "test_the_admin_shows_no_secret",
            "test_the_json_of_accounts_holds_no_secret",
            "test_no_report_of_an_error_shows_a_secret",
            "test_the_error_page_of_a_callback_shows_neither_code_nor_state",
            "test_what_we_log_of_a_bug_while_connecting_carries_no_locals",
            "test_no_secret_comes_to_light_anywhere",
        ),
    ),
    23: (
        "logs at DEBUG",
        ("test_nothing_is_logged_that_opens_anything", "test_no_secret_comes_to_light_anywhere"),
    ),
    24: (
        "code and state in address bar, history and referrer [4.2, 4.3, 4.12]",
        ("test_a_callback_leads_away_and_leaves_code_and_state_nowhere",),
    ),
    25: ("clickjacking [4.16]", ("test_no_page_of_connecting_may_be_framed",)),
    26: (
        "moved, flipped and stripped ciphertext",
        (
            "test_a_token_moved_to_another_row_opens_nothing",
            "test_a_token_moved_to_another_column_opens_nothing",
            "test_a_row_given_to_another_user_opens_nothing",
            "test_one_changed_character_opens_nothing",
            "test_a_verifier_moved_to_another_attempt_opens_nothing",
            "test_a_ciphertext_without_its_prefix_is_never_taken_for_a_token",
        ),
    ),
    27: (
        "plaintext and forged prefixes",
        ("test_what_was_not_encrypted_here_is_never_taken_for_a_token",),
    ),
    28: (
        "keys missing, wrong or rotated out",
        (
            "test_without_good_keys_nothing_begins_and_the_checks_say_so",
            "test_lists_go_on_and_the_account_says_what_is_wrong_and_what_to_do",
            "test_nobody_is_sent_to_a_platform_whose_answer_could_not_be_kept",
            "test_a_key_lost_while_somebody_is_at_the_platform_leaves_no_token_in_clear",
            "test_nothing_is_published_and_nothing_is_sent",
            "test_the_doctor_names_the_key",
            "test_when_the_key_is_back_everything_goes_on_by_itself",
        ),
    ),
    29: (
        "workers racing for a refresh",
        (
            "test_a_grant_that_dies_when_a_refresh_token_is_used_twice_survives_eight_workers",
            "test_eight_workers_refused_with_one_token_ask_the_platform_for_one_more",
        ),
    ),
    30: (
        "answers to a refresh that are none",
        (
            "test_an_answer_that_is_no_token_changes_no_token",
            "test_a_lost_answer_changes_no_token",
            "test_a_refresh_token_is_kept_until_another_comes_and_replaced_when_it_does",
        ),
    ),
    31: (
        "a platform that does not let go",
        (
            "test_disconnecting_wipes_at_once_though_the_platform_cannot_be_told_yet",
            "test_a_token_in_use_when_its_account_is_disconnected_is_not_brought_back",
        ),
    ),
    32: (
        "forged webhooks",
        (
            "test_a_forged_callback_is_refused",
            "test_a_signed_callback_that_says_nothing_proper_is_refused",
            "test_an_old_callback_is_refused_and_one_from_the_future",
            "test_another_secret_is_refused",
            "test_a_delivery_with_a_forged_signature_is_refused",
            "test_signatures_are_compared_in_constant_time",
            "test_a_callback_reaches_nobody_but_the_person_it_names",
        ),
    ),
    33: (
        "being sent elsewhere, and into private networks",
        (
            "test_a_token_goes_to_no_host_that_is_not_the_platforms",
            "test_a_redirect_is_not_followed_with_a_token_nor_without",
            "test_an_answer_is_read_only_so_far",
            "test_every_call_has_a_time_limit",
            "test_no_media_is_fetched_from_a_private_network",
            "test_a_platform_is_told_to_fetch_media_from_this_site_alone",
        ),
    ),
}


@pytest.mark.parametrize("number", ATTACKS)
def test_every_attack_has_its_tests(number: int) -> None:
    _, named = ATTACKS[number]

    assert named
    assert [name for name in named if names()[name] != 1] == []


def test_the_attacks_are_numbered_without_a_gap() -> None:
    assert list(ATTACKS) == list(range(1, 34))


@cache
def names() -> Counter[str]:
    """Return how often each name of a test is there in this folder."""
    trees = (ast.parse(file.read_text("utf-8")) for file in Path(__file__).parent.glob("test_*.py"))
    return Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef))
