// Panels that are one leaderboard each: interactions by channel, engagement tiers, deals by owner.
import { t } from "../i18n.js";
import { ranking } from "./ranking.js";

export const channels = () => ranking("engagement_by_channel", "channel", { title: t("panel.channels") });
export const tiers = () => ranking("engagement_tier", "tier", { title: t("panel.tiers") });
export const owners = () => ranking("closed_won_value", "owner", { title: t("panel.owners") });
