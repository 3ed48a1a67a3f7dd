"""A tenant: its facts and the indexes over them. Events come from kpis.intake."""

from functools import partial

from kpis.cells.measures import Keeps
from kpis.facts.stages import StayAges
from kpis.tenant.clicks import Clicks
from kpis.tenant.conversions import Conversions
from kpis.tenant.customer_index import CustomerIndex
from kpis.tenant.engagement_index import EngagementIndex
from kpis.tenant.facts import TenantFacts
from kpis.tenant.forms import Forms
from kpis.tenant.landings import Landings
from kpis.tenant.lead_groups import open_deals_of_leads
from kpis.tenant.person_sets import PersonSets
from kpis.tenant.readings import deal_stays
from kpis.tenant.spend_table import SpendTable
from models.tenants import TenantSettings


class Tenant(TenantFacts):
    """The facts of one tenant with their indexes. Use `kpis.intake.batch.new_tenant` for a tenant that counts."""

    def __init__(self, name: str, settings: TenantSettings, generation: int, keeps: Keeps) -> None:
        super().__init__(name, settings, generation, keeps)
        self.ages = StayAges(partial(deal_stays, self))
        self.person_sets = PersonSets(self)
        self.conversions = Conversions(self)
        self.clicks = Clicks(self, self.conversions)
        self.forms = Forms(self)
        self.landings = Landings(self, self.person_sets, self.conversions)
        self.customer_index = CustomerIndex(self)
        self.spend_table = SpendTable(self, self.customer_index)
        self.engagement = EngagementIndex(self, self.customer_index)
        self.gone = frozenset[str]()  # unpicked ids of the current event
        # Callbacks from lower layers into higher ones, set once.
        self.people.follow(self.person_sets, partial(open_deals_of_leads, self))
        self.person_sets.follow(self.landings, settings.landing_pages)
