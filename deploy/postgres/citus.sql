-- Spreads the tables over a cluster of PostgreSQL with Citus, by brand: run once
-- in each service's database, after `rapport migrate` and before much is in it.
-- A database has the tables of its own service alone: the statements of others fail
-- there, and mean nothing (psql goes on unless ON_ERROR_STOP is set).
-- A brand's rows then lie together on one node, so that every transaction of
-- ours, which never crosses brands, stays on it.
--
-- One brand does not become faster by this; many brands do.

-- The log and what follows it.
SELECT create_distributed_table('log_head', 'brand');
SELECT create_distributed_table('fact', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('consumer_cursor', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('slab', 'brand', colocate_with => 'log_head');

-- What Survey and Journey keep of customers until Segmentation answers.
SELECT create_distributed_table('sealed_identity', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('erased_customer', 'brand', colocate_with => 'log_head');

-- Survey's cases.
SELECT create_distributed_table('case_head', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('case_file', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('case_response', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('case_subject', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('case_note', 'brand', colocate_with => 'log_head');

-- What Survey keeps of Journey's orders.
SELECT create_distributed_table('order_known', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('order_response', 'brand', colocate_with => 'log_head');

-- What was answered so far by survey links.
SELECT create_distributed_table('link_draft', 'brand', colocate_with => 'log_head');

-- Segmentation's customers.
SELECT create_distributed_table('customer_head', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('customer', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('identity', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('erasure', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('erasure_customer', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('erasure_part', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('contact', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('purchase_head', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('purchase', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('answer', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('rfm_block', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('segment_state', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('segment_base', 'brand', colocate_with => 'log_head');

-- Journey's orders.
SELECT create_distributed_table('order_event', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('order_state', 'brand', colocate_with => 'log_head');

-- Loyalty's ledger.
SELECT create_distributed_table('account', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('lot', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('hold', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('order_entry', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('other_entry', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('reward_stock', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('reward_taken', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('offer_person', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('offer_coupon', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('offer_purchase', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('bought', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('bought_order', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('capped', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('counted', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('lifetime', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('standing_head', 'brand', colocate_with => 'log_head');

-- The manifest of Journey's lake.
SELECT create_distributed_table('lake_head', 'brand', colocate_with => 'log_head');
SELECT create_distributed_table('lake_file', 'brand', colocate_with => 'log_head');

-- A brand that outgrows its neighbours gets a shard, and a node, of its own:
--   SELECT isolate_tenant_to_new_shard('log_head', 'BRAND', 'CASCADE');
