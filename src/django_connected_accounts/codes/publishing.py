"""What becomes of publications."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
    "account_action_needed": Meaning(
        _("The account waits for its owner to act on the platform."),
        _("Open the account to see what to do; the post goes out when it is done."),
        "owner",
    ),
    "account_disconnected": Meaning(
        _("The account was disconnected."),
        _("Connect it again, or cancel the post."),
        "owner",
    ),
    "account_missing": Meaning(
        _("No account was chosen."), _("Choose at least one account to publish to."), "author"
    ),
    "account_not_usable": Meaning(
        _("%(account)s can't publish at the moment."),
        _("Open the account to see why, or leave it out."),
        "owner",
    ),
    "account_owner_inactive": Meaning(
        _("The person who connected the account may no longer sign in here."),
        _("Have a colleague connect the account, or the operator let that person in again."),
        "operator",
    ),
    "account_paused": Meaning(_("The account is paused."), _("Resume it; the post goes out then."), "owner"),
    "account_permission_missing": Meaning(
        _("The account lacks a permission to publish."),
        _("Reconnect it and allow publishing; the post goes out then."),
        "owner",
    ),
    "account_reconnect_needed": Meaning(
        _("The platform no longer accepts our access to the account."),
        _("Reconnect the account; the post goes out then."),
        "owner",
    ),
    "account_undecryptable": Meaning(
        _("The stored access to the account can't be read."),
        _("Restore the encryption key, or reconnect the account."),
        "operator",
    ),
    "already_scheduled": Meaning(
        _("The post has already been sent, or is to be sent, from %(account)s."),
        _("Open the post to see where it stands."),
        "author",
    ),
    "found_another": Meaning(
        _("What %(platform)s shows is another post from here, so this one may be live beside it or not."),
        _("Look there, and say here whether it is live, or post it again."),
        "author",
    ),
    "handed_over": Meaning(
        _("%(platform)s has put the post into the account's inbox there. It is not published."),
        _("Open the app, find it among the notifications, and publish it there."),
        "owner",
    ),
    "backlog": Meaning(
        _("Its time passed while nothing could be sent, and other posts go out before it."),
        _("Nothing: they go out one after the other. Publish it now if it can't wait."),
        "nobody",
    ),
    "comment_permission_missing": Meaning(
        _("%(account)s does not let us write comments."),
        _("Reconnect it and allow comments, or leave the first comment out."),
        "owner",
    ),
    "daily_cap_exceeded": Meaning(
        _("This makes %(count)s posts in 24 hours; %(platform)s takes %(max)s."),
        _("Choose another day, or it waits until the platform takes it."),
        "author",
    ),
    "daily_posts_advised": Meaning(
        _("This makes %(count)s posts in 24 hours; %(advised)s are advised."),
        _("Choose another day, or leave it."),
        "author",
    ),
    "delete_permission_missing": Meaning(
        _("%(account)s does not let us delete posts."),
        _("Reconnect it and allow deleting, or delete the post on the platform."),
        "owner",
    ),
    "duplicate_of_post": Meaning(
        _("The very same post is on this account within %(days)s days."),
        _("Change something about it, or leave it; %(platform)s may refuse what it takes for a duplicate."),
        "author",
    ),
    "duplicate_text": Meaning(
        _("The same text is on this account within %(hours)s hours."),
        _("Change the text, or leave it; %(platform)s may refuse what it takes for a duplicate."),
        "author",
    ),
    "internal_error": Meaning(
        _("Something went wrong on our side."),
        _("Nothing to do for you; it is tried again, and the operator finds the cause in the log."),
        "operator",
    ),
    "late_out_of_range": Meaning(
        _("A post may be late by at least %(min)s and at most %(max)s seconds."),
        _("Choose a number between them, or leave it to the site's rule."),
        "author",
    ),
    "link_malformed": Meaning(
        _("This is not a link to a post."),
        _("Paste the full address of the post, beginning with https://."),
        "author",
    ),
    "not_approved": Meaning(
        _("The post was changed after it was approved."),
        _("Look at it once more and approve it, or schedule it again."),
        "author",
    ),
    "not_possible_now": Meaning(
        _("This is not possible while the post on %(account)s is “%(status)s”."),
        _("Wait until that has changed, then look again."),
        "author",
    ),
    "not_taken": Meaning(
        _("The platform did not take the step."), _("Nothing to do; it is tried again."), "nobody"
    ),
    "only_link_known": Meaning(
        _("Somebody told us the link of this post; by that alone %(platform)s lets nobody delete it."),
        _("Delete it on %(platform)s."),
        "author",
    ),
    "outcome_unknown": Meaning(
        _("The platform gave no clear answer: the post may be live."),
        _("It is looked up before anything is repeated. If it stays open, look there and say so here."),
        "author",
    ),
    "past_date": Meaning(_("This time has passed."), _("Choose a time to come, or publish now."), "author"),
    "platform_does_not_delete": Meaning(
        _("%(platform)s does not let us delete posts."), _("Delete it on %(platform)s."), "author"
    ),
    "platform_does_not_publish": Meaning(
        _("%(platform)s has no way to publish."), _("Choose another account."), "author"
    ),
    "posts_too_close": Meaning(
        _("Another post on this account goes out less than %(advised)s minutes from it."),
        _("Move one of them, or leave it."),
        "author",
    ),
    "publication_busy": Meaning(
        _("Something is being done with the post on %(account)s just now."),
        _("Wait a minute, then try again."),
        "author",
    ),
    "repeats_same_text": Meaning(
        _("The same text goes out every time."),
        _("Leave it, or write single posts; a platform may refuse what it takes for a duplicate."),
        "author",
    ),
    "replies_stay": Meaning(
        _("Only the first post was deleted: the rest of a thread and a first comment stay on %(platform)s."),
        _("Delete there what is to go too; the history has the ids of what was published."),
        "author",
    ),
    "rule_empty": Meaning(
        _("By this rule the post never goes out."), _("Choose other days, or a later end."), "author"
    ),
    "rule_invalid": Meaning(
        _("“%(part)s” can't be in a rule by which posts repeat."),
        _(
            "Use FREQ=DAILY, WEEKLY with BYDAY, or MONTHLY with BYMONTHDAY or BYDAY=1MO; INTERVAL; COUNT"
            " or UNTIL."
        ),
        "author",
    ),
    "rule_too_long": Meaning(
        _("By this rule the post goes out more often, or for longer, than is possible."),
        _("Let it go out %(max)s times at most, and end within ten years."),
        "author",
    ),
    "rule_without_end": Meaning(
        _("The rule by which the post repeats has no end."), _("Say how often, or until when."), "author"
    ),
    "series_not_possible": Meaning(
        _("This is not possible while the series is “%(status)s”."), _("Load the page again."), "author"
    ),
    "still_processing": Meaning(
        _("%(platform)s has had the post for a day, and neither published nor refused it."),
        _("Look there whether it is live, and say so here; or have it checked again."),
        "author",
    ),
    "time_does_not_exist": Meaning(
        _("The clocks in %(zone)s skip this time."),
        _("The nearest times there are: %(first)s, %(second)s."),
        "author",
    ),
    "time_is_ambiguous": Meaning(
        _("The clocks in %(zone)s show this time twice."),
        _("Say which you mean: %(first)s or %(second)s."),
        "author",
    ),
    "too_far_ahead": Meaning(
        _("This time is more than ten years away."), _("Choose an earlier one."), "author"
    ),
    "too_late": Meaning(
        _("Its time passed before it could be sent."), _("Publish it now, or choose a new time."), "author"
    ),
    "unknown_zone": Meaning(
        _("There is no time zone “%(zone)s”."), _("Use an IANA name such as Europe/Berlin."), "author"
    ),
}
