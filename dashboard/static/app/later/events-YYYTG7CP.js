// make page: 6188b01f5d41a97f4b2f94be3690c10d4df2d250456ad880d8790809e0d6d95c
import{b as a,c as b}from"./chunk-AWSQ5AMX.js";import"./chunk-ZRBHJS6R.js";import"./chunk-LQRPA7PC.js";export{a as events,b as why};
